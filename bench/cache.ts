/**
 * What the cache is worth and what it costs: records a second that are new, and the same ones sent again, without it and with it.
 *
 *     npm run bench:cache                 20,000 records in requests of 100 on 16 connections, each way
 *
 * PostgreSQL 18 (with fsync as it is delivered) and Redis are started for it; the cache is another Redis than the intake.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execute } from '../test/support/each-postgres.ts'
import { migrated } from '../test/support/migrated-database.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { startRedis } from '../test/support/redis-server.ts'
import { startBenchServer, TOKEN } from './bench-server.ts'
import { postRequest, runLoad } from './http-load.ts'
import { sampleRecords } from './sample-records.ts'

const RECORDS = 20_000
const BATCH = 100
const CONNECTIONS = 16

await using postgres = await startPostgres({ settings: { fsync: 'on', full_page_writes: 'on' } })
await using intake = await startRedis()
await using cache = await startRedis()

let databases = 0
async function database(): Promise<string> {
  const name = `bench_${++databases}`
  await execute(postgres.url, `CREATE DATABASE ${name}`)
  return migrated(postgres.url.replace(/[^/]*$/, name))
}

const WAYS: Readonly<Record<string, () => Promise<string[]>>> = {
  'SQLite, one process': async () => [],
  PostgreSQL: async () => ['--database', await database()],
  'Redis Streams, PostgreSQL': async () => {
    const url = await database()
    return ['--database', url, '--lock-database', url, '--intake', `${intake.url}/0?prefix=b${databases}`]
  },
}

function requestsOf(seed: number): Buffer[] {
  const lines = sampleRecords(RECORDS, seed).map((record) => JSON.stringify(record))
  return Array.from({ length: RECORDS / BATCH }, (_, i) => {
    const body = lines.slice(BATCH * i, BATCH * (i + 1)).join('\n')
    return postRequest('/v1/events', TOKEN, 'application/x-ndjson', body)
  })
}

async function recordsPerSecond(port: number, requests: readonly Buffer[]): Promise<number> {
  const { seconds, statuses } = await runLoad({ port, connections: CONNECTIONS, requests })
  if (statuses.get(200) !== requests.length) throw new Error(JSON.stringify([...statuses]))
  return Math.round(RECORDS / seconds)
}

for (const [way, flags] of Object.entries(WAYS))
  for (const cached of [[], ['--cache', cache.url]]) {
    const root = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))
    const server = await startBenchServer(root, [...(await flags()), ...cached])
    try {
      const { port } = server
      await recordsPerSecond(port, requestsOf(1)) // warms up
      const requests = requestsOf(2)
      const fresh = await recordsPerSecond(port, requests)
      const again = await recordsPerSecond(port, requests)
      const name = `${way}${cached.length > 0 ? ', cache' : ''}`
      console.log(
        `${name.padEnd(34)} new ${String(fresh).padStart(7)}/s, sent again ${String(again).padStart(7)}/s`,
      )
    } finally {
      await server.stop('SIGTERM')
      rmSync(root, { recursive: true })
    }
  }
