/**
 * Records a second through HTTP into SQLite, in clear and encrypted, in turns in one run: the ratio means something.
 *
 *     npm run bench:encryption                    each way three times, 50,000 records in requests of 100
 *
 * Then the processor's time of the store alone, which other work on the machine does not change: commits of 100 records, in turns.
 * The master key is in a file; where it is makes no difference, as it is asked for once at the start.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type ContentKeys, createKeyFile, openContentKeys, SqliteLedgerStore } from '@trailproof/server/ports'
import { batchSource } from '../packages/conformance/src/sealed-batches.ts'
import { startBenchServer } from './bench-server.ts'
import { ndjsonSeconds } from './figures.ts'
import { sampleRecords } from './sample-records.ts'

const STORE_RECORDS = 20_000

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, records: { type: 'string', default: '50000' } },
})

async function measure(flags: (root: string) => readonly string[]): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))
  try {
    const server = await startBenchServer(root, flags(root))
    const records = Number(values.records)
    await ndjsonSeconds(server, records) // only warms up
    const seconds = await ndjsonSeconds(server, records)
    await server.stop('SIGTERM')
    return records / seconds
  } finally {
    rmSync(root, { recursive: true })
  }
}

function encrypted(root: string): readonly string[] {
  const path = join(root, 'master')
  createKeyFile(path)
  return ['--master-key', `file:${path}`]
}

const clear: number[] = []
const sealed: number[] = []
for (let round = 0; round < Number(values.rounds); round++) {
  clear.push(await measure(() => []))
  sealed.push(await measure(encrypted))
}
/** The processor's µs a record for the commits of a ledger of 20,000, tree and ids included. */
async function storeCost(root: string, keys?: ContentKeys): Promise<number> {
  await using store = SqliteLedgerStore.create(join(root, 'ledger.db'), keys)
  const ledger = { name: 'main', origin: 'bench/main' }
  await store.createLedger({ ...ledger, dedupeKey: new Uint8Array(32), idKey: new Uint8Array(32) })
  const { epoch } = await store.takeOver('main')
  const source = batchSource('main')
  const contents = sampleRecords(STORE_RECORDS).map((record) => Buffer.from(JSON.stringify(record)))
  let used = 0
  for (let at = 0; at < STORE_RECORDS; at += 100) {
    const batch = source.next(100, epoch)
    const entries = batch.entries.map((entry, i) => ({ ...entry, personal: contents[at + i]! }))
    const before = process.cpuUsage()
    await store.append([{ ...batch, entries }])
    const { user, system } = process.cpuUsage(before)
    used += user + system
  }
  return used / STORE_RECORDS
}

async function measureStore(isEncrypted: boolean): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-bench-'))
  try {
    const [, flag] = isEncrypted ? encrypted(root) : []
    const options = { masterKey: flag ?? '', data: join(root, 'data'), keys: root }
    return await storeCost(root, await openContentKeys(options))
  } finally {
    rmSync(root, { recursive: true })
  }
}

const costs = { clear: [] as number[], sealed: [] as number[] }
for (let round = 0; round < Number(values.rounds); round++) {
  costs.clear.push(await measureStore(false))
  costs.sealed.push(await measureStore(true))
}

const [inClear, atRest] = [median(clear), median(sealed)]
console.log(`in clear   ${Math.round(inClear).toLocaleString('en').padStart(8)} records/s`)
console.log(
  `encrypted  ${Math.round(atRest).toLocaleString('en').padStart(8)} records/s, ${(atRest / inClear).toFixed(2)} of that`,
)
const [clearCost, sealedCost] = [median(costs.clear), median(costs.sealed)]
console.log(`store alone, in clear   ${clearCost.toFixed(1).padStart(6)} µs of the processor a record`)
console.log(
  `store alone, encrypted  ${sealedCost.toFixed(1).padStart(6)} µs, ${(sealedCost / clearCost).toFixed(2)} of that`,
)

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!
}
