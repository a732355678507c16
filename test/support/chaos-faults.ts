/** What goes wrong in the chaos suite: each fault strikes, lasts for a while, and is over when its promise resolves. */
import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChaosCluster } from './chaos-cluster.ts'
import { execute } from './each-postgres.ts'
import type { Random } from './random.ts'

export interface Fault {
  readonly name: string
  /** How often it is drawn, relative to the others. */
  readonly weight: number
  strike(cluster: ChaosCluster, random: Random): Promise<void>
}

/** Longer than the broker's session and all leases: another server has taken over by then. */
const PAUSE_MS = 12_000
const DOWN_MS_MAX = 1_000
/** Some end before a client's timeout, some after. */
const STALL_MS_MAX = 4_000

/** Takes as long as many others: not drawn, but struck once in a while. */
export const PAUSE: Fault = {
  name: 'server paused',
  weight: 0,
  async strike(cluster, random) {
    const server = oneOf(cluster, random)
    await server.pause()
    await delay(PAUSE_MS)
    server.resume()
  },
}

/** Likewise: a new standby has to be made for the next one. */
export const FAILOVER: Fault = {
  name: 'PostgreSQL failed over',
  weight: 0,
  strike: ({ replicated }) => replicated.failOver(),
}

const SHARED: readonly Fault[] = [
  { name: 'server killed', weight: 8, strike: async (cluster, random) => oneOf(cluster, random).kill() },
  {
    name: 'all servers killed',
    weight: 2,
    strike: async ({ servers }) => {
      for (const server of servers) server.kill()
    },
  },
  {
    name: 'PostgreSQL restarted',
    weight: 3,
    async strike({ postgres }, random) {
      await postgres.stop()
      await delay(random.below(DOWN_MS_MAX))
      await postgres.start()
    },
  },
  {
    name: 'PostgreSQL killed',
    weight: 4,
    async strike({ postgres }, random) {
      await postgres.kill()
      await delay(random.below(DOWN_MS_MAX))
      await postgres.start()
    },
  },
  {
    name: 'connections terminated',
    weight: 4,
    async strike({ postgres }) {
      await execute(
        postgres.url,
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
      )
    },
  },
  {
    name: 'way to PostgreSQL stalled',
    weight: 3,
    async strike({ proxy }, random) {
      proxy.stall()
      await delay(random.below(STALL_MS_MAX))
      proxy.resume()
    },
  },
]

export const KAFKA_FAULTS: readonly Fault[] = [
  ...SHARED,
  {
    name: 'Kafka killed',
    weight: 2,
    async strike({ broker: { broker } }, random) {
      await broker.kill()
      await delay(random.below(DOWN_MS_MAX))
      await broker.start()
    },
  },
  {
    name: 'Kafka restarted',
    weight: 1,
    async strike({ broker }) {
      if (broker.kind !== 'kafka') return
      await broker.broker.stop()
      await broker.broker.start()
    },
  },
]

export const REDIS_FAULTS: readonly Fault[] = [
  ...SHARED,
  {
    name: 'Redis killed',
    weight: 4,
    async strike({ broker: { broker } }, random) {
      await broker.kill()
      await delay(random.below(DOWN_MS_MAX))
      await broker.start()
    },
  },
  {
    name: 'Redis flushed',
    weight: 5,
    strike: ({ broker: { broker } }) => flush(broker.port),
  },
  {
    name: 'way to Redis stalled',
    weight: 3,
    async strike({ broker }, random) {
      if (broker.kind !== 'redis') return
      broker.proxy.stall()
      await delay(random.below(STALL_MS_MAX))
      broker.proxy.resume()
    },
  },
]

/** Drawn by weight. */
export function faultOf(faults: readonly Fault[], random: Random): Fault {
  let at = random.below(faults.reduce((sum, { weight }) => sum + weight, 0))
  return faults.find(({ weight }) => (at -= weight) < 0)!
}

function oneOf({ servers }: ChaosCluster, random: Random) {
  return servers[random.below(servers.length)]!
}

function flush(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('FLUSHALL\r\n'))
    socket.once('error', reject)
    socket.once('data', (data) => {
      socket.destroy()
      if (String(data).startsWith('+OK')) resolve()
      else reject(new Error(`FLUSHALL: ${String(data)}`))
    })
  })
}
