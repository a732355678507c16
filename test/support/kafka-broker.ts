/** An Apache Kafka of its own for a test: one node on a free port. */
import { randomBytes } from 'node:crypto'
import { freePort } from './free-port.ts'
import { type KafkaNode, kafkaNode } from './kafka-node.ts'

export interface KafkaBroker extends KafkaNode {
  /** `host:port`, as clients take it. */
  readonly address: string
  readonly port: number
}

/** What one node needs that has no others beside it. */
export const ALONE = {
  'offsets.topic.num.partitions': 1,
  'offsets.topic.replication.factor': 1,
  'transaction.state.log.num.partitions': 1,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  'num.partitions': 1,
} as const

export async function startKafka(): Promise<KafkaBroker> {
  const [port, controllerPort] = [await freePort(), await freePort()]
  const node = kafkaNode({
    port,
    clusterId: randomBytes(16).toString('base64url'),
    settings: {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      ...ALONE,
    },
  })
  try {
    await node.start()
  } catch (error) {
    await node[Symbol.asyncDispose]()
    throw error
  }
  return { ...node, address: `127.0.0.1:${port}`, port }
}
