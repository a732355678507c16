/**
 * Records a second through HTTP, by where they are kept and what lies in between, in one run: the ratios mean something. And
 * what a record costs each part in processor time, which is what a plan for more machines is made of.
 *
 *     npm run bench:stores                    each way once, 100,000 records in requests of 100
 *     npm run bench:stores -- --rounds 3      the median of three
 *
 * PostgreSQL 18, Redis and Kafka are started for it, PostgreSQL with fsync as it is delivered. The limit is COPY by PostgreSQL
 * itself, from a file, of the very rows that a run left there: into tables with the same indexes, in one transaction.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { execute } from '../test/support/each-postgres.ts'
import { startKafka } from '../test/support/kafka-broker.ts'
import { migrated } from '../test/support/migrated-database.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { type BenchServer, bytesIn, startBenchServer, TOKEN } from './bench-server.ts'
import { ndjsonSeconds, sizeOf, untilIndexed } from './figures.ts'
import { childrenNamed, processorSeconds } from './processor-time.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '1' }, records: { type: 'string', default: '100000' } },
})
const records = Number(values.records)

await using postgres = await startPostgres({ settings: { fsync: 'on', full_page_writes: 'on' } })
await using redis = await startRedis()
await using kafka = await startKafka()

let databases = 0
async function newDatabase(): Promise<string> {
  const name = `bench_${++databases}`
  await execute(postgres.url, `CREATE DATABASE ${name}`)
  return migrated(postgres.url.replace(/[^/]*$/, name))
}

const redisIntake = () => `${redis.url}/0?prefix=b${databases}`
const kafkaIntake = () => `kafka://${kafka.address}/b${databases}?group=b${databases}`

/** Servers by what they do; the last one is sent the records. */
type Parts = readonly (readonly [part: string, flags: readonly string[]])[]

const WAYS: Readonly<Record<string, (way: string) => Promise<void>>> = {
  'SQLite, one process': (way) => measure(way, [['server', []]]),
  PostgreSQL: async (way) => {
    const database = await newDatabase()
    await measure(way, [['server', ['--database', database]]])
    note('PostgreSQL, COPY of its rows', { perSecond: await copyAgain(database), micros: {} })
    noteBytes('PostgreSQL', (await bytesOf(database)) / (await entriesOf(database)))
  },
  'Redis Streams, PostgreSQL': (way) => shared(way, redisIntake),
  'Kafka, PostgreSQL': (way) => shared(way, kafkaIntake),
  'Redis, parts apart, 1 sequencer': (way) => apart(way, redisIntake, 1),
  'Redis, parts apart, 2 sequencers': (way) => apart(way, redisIntake, 2),
  'Kafka, parts apart, 1 sequencer': (way) => apart(way, kafkaIntake, 1),
}

async function shared(way: string, intake: () => string): Promise<void> {
  const url = await newDatabase()
  await measure(way, [['server', ['--database', url, '--lock-database', url, '--intake', intake()]]])
}

/** Four ledgers, so that two sequencers have work. */
async function apart(way: string, intake: () => string, sequencers: number): Promise<void> {
  const url = await newDatabase()
  const flags = ['--database', url, '--lock-database', url, '--intake', intake(), '--roles']
  const parts: Parts = [
    ['indexer', [...flags, 'indexer,api']],
    ...Array.from({ length: sequencers }, () => ['sequencer', [...flags, 'sequencer']] as const),
    ['receiver', [...flags, 'receiver']],
  ]
  await measure(way, parts, ['bench-a', 'bench-b', 'bench-c', 'bench-d'])
}

interface Measured {
  readonly perSecond: number
  /** Processor time a record, by part, µs. */
  readonly micros: Readonly<Record<string, number>>
}

/** As many records twice: the first half only warms up. */
async function measure(way: string, parts: Parts, ledgers: readonly string[] = ['main']): Promise<void> {
  await using servers = new Servers()
  for (const [part, flags] of parts) await servers.start(part, flags)
  const [, first] = servers.all[0]!
  const [, last] = servers.all.at(-1)!
  for (const name of ledgers) if (name !== 'main') await makeLedger(first, name)
  const load = async (): Promise<number> => {
    const seconds = await ndjsonSeconds(last, records, ledgers)
    for (const name of ledgers) await untilIndexed(first, name)
    return seconds
  }
  await load()
  const before = secondsByPart(servers)
  const seconds = await load()
  const after = secondsByPart(servers)
  const micros = [...after].map(([part, at]) => [part, ((at - before.get(part)!) / records) * 1e6] as const)
  note(way, { perSecond: records / seconds, micros: Object.fromEntries(micros) })
  if (way.startsWith('SQLite')) noteBytes('SQLite', servers.bytes() / (await sizeOf(first)))
}

/** Processor seconds until now of each part, of what they stand on, and of the load itself. */
function secondsByPart(servers: Servers): Map<string, number> {
  const seconds = new Map<string, number>()
  const add = (part: string, more: number): unknown => seconds.set(part, (seconds.get(part) ?? 0) + more)
  for (const [part, { pid }] of servers.all) add(part, processorSeconds(pid))
  for (const pid of childrenNamed('postgres')) add('PostgreSQL', processorSeconds(pid))
  for (const pid of childrenNamed('redis-server')) add('Redis', processorSeconds(pid))
  for (const pid of childrenNamed('java')) add('Kafka', processorSeconds(pid))
  const { user, system } = process.cpuUsage()
  add('load', (user + system) / 1e6)
  return seconds
}

async function makeLedger({ port }: BenchServer, name: string): Promise<void> {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
  const made = await fetch(`http://127.0.0.1:${port}/v1/ledgers`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ name }),
  })
  if (!made.ok) throw new Error(await made.text())
}

/** Servers on common keys, each with data of its own; all of them end with it. */
class Servers implements AsyncDisposable {
  readonly all: (readonly [part: string, server: BenchServer])[] = []
  readonly #root = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))

  async start(part: string, flags: readonly string[]): Promise<void> {
    const root = join(this.#root, String(this.all.length))
    const server = await startBenchServer(root, ['--keys', join(this.#root, 'keys'), ...flags])
    this.all.push([part, server])
  }

  /** In files of the first one. */
  bytes(): number {
    return bytesIn(join(this.#root, '0', 'data'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [, server] of this.all.toReversed()) await server.stop('SIGTERM')
    rmSync(this.#root, { recursive: true })
  }
}

const file = (table: string) => join(tmpdir(), `trailproof-bench-${process.pid}-${table}`)
const ROW_TABLES = ['entry_piece', 'record_id', 'tile_piece'] as const

/** Records a second at which PostgreSQL takes the same rows again. */
async function copyAgain(database: string): Promise<number> {
  for (const table of ROW_TABLES) {
    await execute(
      database,
      `COPY (SELECT * FROM trailproof_ledger.${table}) TO '${file(table)}' (FORMAT binary)`,
    )
    await execute(database, `CREATE TABLE copied_${table} (LIKE trailproof_ledger.${table} INCLUDING ALL)`)
  }
  const started = performance.now()
  const copies = ROW_TABLES.map((table) => `COPY copied_${table} FROM '${file(table)}' (FORMAT binary)`)
  await execute(database, `BEGIN; ${copies.join('; ')}; COMMIT`)
  const seconds = (performance.now() - started) / 1000
  for (const table of ROW_TABLES) rmSync(file(table))
  return (await entriesOf(database)) / seconds
}

async function entriesOf(database: string): Promise<number> {
  const [ledger] = await execute(database, "SELECT size FROM trailproof_ledger.ledger WHERE name = 'main'")
  return Number(ledger!['size'])
}

/** Of the tables and indexes of the ledgers; a search index is another schema, or another place. */
async function bytesOf(database: string): Promise<number> {
  const [sum] = await execute(
    database,
    "SELECT sum(pg_total_relation_size(oid)) AS bytes FROM pg_class WHERE relkind = 'r' AND relnamespace = 'trailproof_ledger'::regnamespace",
  )
  return Number(sum!['bytes'])
}

const measured = new Map<string, Measured[]>()
function note(way: string, figures: Measured): void {
  measured.set(way, [...(measured.get(way) ?? []), figures])
}
const bytes: Record<string, number> = {}
function noteBytes(store: string, perRecord: number): void {
  bytes[store] = perRecord
}

for (let round = 0; round < Number(values.rounds); round++)
  for (const [way, run] of Object.entries(WAYS)) await run(way)

const rateOf = (figures: readonly Measured[]): number => median(figures.map(({ perSecond }) => perSecond))
const embedded = rateOf([...measured.values()][0]!)
for (const [way, figures] of measured) {
  const rate = Math.round(rateOf(figures)).toLocaleString('en').padStart(8)
  console.log(`${way.padEnd(34)} ${rate} records/s ${(rateOf(figures) / embedded).toFixed(2)} of SQLite`)
}
console.log('\nprocessor time a record, µs')
for (const [way, figures] of measured) {
  const parts = Object.keys(figures[0]!.micros).map((part) => {
    const micros = median(figures.map((figure) => figure.micros[part]!))
    return micros < 0.05 ? '' : `${part} ${micros.toFixed(1)}`
  })
  if (parts.length > 0) console.log(`${way.padEnd(34)} ${parts.filter((part) => part !== '').join(', ')}`)
}
console.log(
  `\nbytes a record: ${JSON.stringify(bytes, (_, value) => (typeof value === 'number' ? Math.round(value) : value))}`,
)

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!
}
