/** Two receivers and two sequencers on one PostgreSQL with a standby and one broker, reached through proxies that can fall silent. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts'
import { execute } from './each-postgres.ts'
import { type KafkaBroker, startKafka } from './kafka-broker.ts'
import { migrated } from './migrated-database.ts'
import type { ServerSource } from './persistent-post.ts'
import type { PostgresServer } from './postgres-server.ts'
import { type RedisServer, startRedis } from './redis-server.ts'
import { type ReplicatedPostgres, startReplicatedPostgres } from './replicated-postgres.ts'
import { RestartedServer } from './restarted-server.ts'
import type { ServerProcess } from './server-process.ts'

/** A server that is silent for longer loses what it consumes. */
export const KAFKA_SESSION_MS = 6000
export const REDIS_LEASE_MS = 1000

const SEQUENCER_ROLES = 'sequencer,indexer,api'

export type ChaosBroker =
  | { readonly kind: 'kafka'; readonly broker: KafkaBroker }
  | { readonly kind: 'redis'; readonly broker: RedisServer; readonly proxy: CuttingProxy }

export interface ChaosCluster extends ServerSource {
  /** Whoever takes writes now. */
  readonly postgres: PostgresServer
  readonly replicated: ReplicatedPostgres
  /** Before PostgreSQL, for the servers alone; leads to whoever takes writes. */
  readonly proxy: CuttingProxy
  /** URL of the database, past the proxy. */
  readonly database: string
  readonly keys: string
  readonly broker: ChaosBroker
  /** Clients send to these, and only these. */
  readonly receivers: readonly RestartedServer[]
  /** They commit, index and search. */
  readonly sequencers: readonly RestartedServer[]
  /** All of them. */
  readonly servers: readonly RestartedServer[]
}

export async function startChaosCluster(kind: 'kafka' | 'redis'): Promise<ChaosCluster> {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-chaos-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const proxy = await disposedOf(startCuttingProxy(0))
  const [replicated, broker] = await Promise.all([
    disposedOf(startReplicatedPostgres({ fsync: 'on' }, ({ port }) => proxy.leadTo(port))),
    kind === 'kafka' ? kafka() : redis(),
  ])
  const { primary } = replicated
  await execute(primary.url, 'CREATE DATABASE chaos')
  const migratedUrl = await migrated(primary.url.replace(/[^/]*$/, 'chaos'))
  const databaseOn = (port: number): string => migratedUrl.replace(`:${primary.port}/`, `:${port}/`)
  const proxied = databaseOn(proxy.port)
  const settings = {
    database: proxied,
    lock_database: proxied,
    intake: intakeOf(broker),
    search_index: proxied,
  }
  const keys = join(root, 'keys')
  const start = async (name: string, roles: string): Promise<RestartedServer> => {
    // Receivers hold none of the keys.
    const home = { data: join(root, name), keys: roles === 'receiver' ? join(root, `${name}-keys`) : keys }
    const server = new RestartedServer(home, { ...settings, roles })
    onTestFinished(async () => {
      server.resume()
      await server.stop().catch(() => undefined) // told where the test awaits it
    })
    await server.server
    return server
  }
  const sequencers = [await start('s1', SEQUENCER_ROLES), await start('s2', SEQUENCER_ROLES)]
  const receivers = [await start('r1', 'receiver'), await start('r2', 'receiver')]
  let turn = 0
  return {
    get postgres() {
      return replicated.primary
    },
    replicated,
    proxy,
    get database() {
      return databaseOn(replicated.primary.port)
    },
    keys,
    broker,
    receivers,
    sequencers,
    servers: [...receivers, ...sequencers],
    /** The receivers in turns; while one is down, the other. */
    get server(): Promise<ServerProcess> {
      const first = receivers[turn++ % 2]!
      const second = receivers[turn % 2]!
      const current = first.current ?? second.current
      return current === undefined
        ? Promise.race(receivers.map(({ server }) => server))
        : Promise.resolve(current)
    },
  }
}

async function kafka(): Promise<ChaosBroker> {
  return { kind: 'kafka', broker: await disposedOf(startKafka()) }
}

async function redis(): Promise<ChaosBroker> {
  const broker = await disposedOf(startRedis())
  return { kind: 'redis', broker, proxy: await disposedOf(startCuttingProxy(broker.port)) }
}

function intakeOf(chaos: ChaosBroker): string {
  return chaos.kind === 'kafka'
    ? `kafka://${chaos.broker.address}/chaos?group=chaos&partitions=4&session_ms=${KAFKA_SESSION_MS}`
    : `redis://127.0.0.1:${chaos.proxy.port}/0?prefix=chaos&shards=4&lease_ms=${REDIS_LEASE_MS}`
}

async function disposedOf<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  const resource = await starting
  onTestFinished(() => resource[Symbol.asyncDispose]())
  return resource
}
