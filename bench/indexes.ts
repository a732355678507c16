/**
 * Search on each index over the same ledger, in one run.
 *
 *     npm run bench:indexes                           a million records
 *     npm run bench:indexes -- --records 10000000     ten
 *
 * The ledger is SQLite's; each index is built from it by a server of its own, then asked 100 times each. PostgreSQL 18 and OpenSearch
 * are started for it. Milliseconds are p99 of requests one after the other.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { execute } from '../test/support/each-postgres.ts'
import { migrated } from '../test/support/migrated-database.ts'
import { startOpenSearch } from '../test/support/opensearch-node.ts'
import { startPostgres } from '../test/support/postgres-server.ts'
import { startBenchServer } from './bench-server.ts'
import type { Figure } from './budgets.ts'
import { grow, untilIndexed } from './figures.ts'
import { measureSearch } from './search-figures.ts'

const { values } = parseArgs({ options: { records: { type: 'string', default: '1000000' } } })

const root = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))
const perSecond: Record<string, number> = {}
const measured: Record<string, Partial<Record<Figure, number>>> = {}

{
  const server = await startBenchServer(root)
  await grow(server, Number(values.records))
  await untilIndexed(server)
  measured['SQLite'] = await measureSearch(server)
  await server.stop('SIGTERM')
  printTable()
}
await using postgres = await startPostgres({ settings: { fsync: 'on', full_page_writes: 'on' } })
await execute(postgres.url, 'CREATE DATABASE bench')
await measureOn('PostgreSQL', await migrated(postgres.url.replace(/[^/]*$/, 'bench')))
await using opensearch = await startOpenSearch()
await measureOn('OpenSearch', opensearch.url)
rmSync(root, { recursive: true })

async function measureOn(name: string, url: string): Promise<void> {
  const started = performance.now()
  const server = await startBenchServer(root, ['--search-index', url])
  await untilIndexed(server)
  perSecond[name] = Number(values.records) / ((performance.now() - started) / 1000)
  measured[name] = await measureSearch(server)
  await server.stop('SIGTERM')
  printTable()
}

/** After each index: with many records each takes long, and what is measured is not lost with what fails. */
function printTable(): void {
  const names = Object.keys(measured)
  console.log([''.padEnd(20), ...names.map((name) => name.padStart(12))].join(''))
  for (const figure of Object.keys(measured['SQLite'] ?? {}) as Figure[])
    console.log([figure.padEnd(20), ...names.map((name) => inMs(measured[name]![figure]))].join(''))
  console.log(['entries indexed/s'.padEnd(20), ...names.map((name) => counted(perSecond[name]))].join(''))
}

function inMs(value: number | undefined): string {
  return `${value?.toFixed(1) ?? '–'} ms`.padStart(12)
}

function counted(value: number | undefined): string {
  return (value === undefined ? '–' : Math.round(value).toLocaleString('en')).padStart(12)
}
