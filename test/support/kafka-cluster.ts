/** Three brokers of Apache Kafka, each its controller too: every topic on all of them, written when two of them have it. */
import { randomBytes } from 'node:crypto'
import { freePort } from './free-port.ts'
import { type KafkaNode, kafkaNode } from './kafka-node.ts'

export interface KafkaCluster extends AsyncDisposable {
  /** `host:port` of each, joined by commas. */
  readonly addresses: string
  /** By their ids, 1 to 3. */
  node(id: number): KafkaNode
}

const IDS = [1, 2, 3]

const REPLICATED = {
  'default.replication.factor': 3,
  'min.insync.replicas': 2,
  'offsets.topic.num.partitions': 3,
  'offsets.topic.replication.factor': 3,
  'transaction.state.log.num.partitions': 3,
  'transaction.state.log.replication.factor': 3,
  'transaction.state.log.min.isr': 2,
  'group.initial.rebalance.delay.ms': 0,
  // A broker that is silent for so long is replaced by the others.
  'broker.session.timeout.ms': 3_000,
  'broker.heartbeat.interval.ms': 500,
  'replica.lag.time.max.ms': 5_000,
} as const

export async function startKafkaCluster(): Promise<KafkaCluster> {
  const clusterId = randomBytes(16).toString('base64url')
  const ports: { id: number; port: number; controllerPort: number }[] = []
  for (const id of IDS) ports.push({ id, port: await freePort(), controllerPort: await freePort() })
  const voters = ports.map(({ id, controllerPort }) => `${id}@127.0.0.1:${controllerPort}`).join(',')
  const nodes = ports.map(({ id, port, controllerPort }) =>
    kafkaNode({
      port,
      clusterId,
      settings: {
        'process.roles': 'broker,controller',
        'node.id': id,
        'controller.quorum.voters': voters,
        listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
        'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
        'controller.listener.names': 'CONTROLLER',
        'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
        ...REPLICATED,
      },
    }),
  )
  const dispose = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
  }
  try {
    await Promise.all(nodes.map((node) => node.start())) // none is ready without another
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    addresses: ports.map(({ port }) => `127.0.0.1:${port}`).join(','),
    node: (id) => nodes[IDS.indexOf(id)]!,
    [Symbol.asyncDispose]: dispose,
  }
}
