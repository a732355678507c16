/** The figures that are measured against a running server. */
import { type BenchServer, TOKEN } from './bench-server.ts'
import type { Figure } from './budgets.ts'
import { percentile, postRequest, runLoad } from './http-load.ts'
import { type SampleRecord, sampleRecords } from './sample-records.ts'

type Figures = Partial<Record<Figure, number>>

const NDJSON = 'application/x-ndjson'
const BATCH = 100
let seed = 1

function batchRequests(records: readonly SampleRecord[], path = '/v1/events'): Buffer[] {
  const requests: Buffer[] = []
  for (let at = 0; at < records.length; at += BATCH) {
    const body = records
      .slice(at, at + BATCH)
      .map((record) => JSON.stringify(record))
      .join('\n')
    requests.push(postRequest(path, TOKEN, NDJSON, body))
  }
  return requests
}

/** What a grown ledger looks back on. */
const HISTORY_MS = 30 * 86_400_000

/** Records until the ledger has `size` entries, as fast as it goes, with timestamps spread over 30 days. */
export async function grow(server: BenchServer, size: number): Promise<void> {
  const from = Date.now() - HISTORY_MS
  const stepMs = Number.isFinite(size) ? HISTORY_MS / size : 1
  for (let at = await sizeOf(server); at < size; at = await sizeOf(server)) {
    const count = Math.min(100_000, Math.ceil((size - at) / BATCH) * BATCH)
    await runLoad({
      port: server.port,
      connections: 32,
      requests: batchRequests(sampleRecords(count, seed++, from + at * stepMs, stepMs)),
    })
  }
}

export async function sizeOf(server: BenchServer, ledger = 'main'): Promise<number> {
  return (await server.get<{ size: number }>(`/v1/ledgers/${ledger}`)).size
}

export async function untilIndexed(server: BenchServer, ledger = 'main'): Promise<void> {
  const size = await sizeOf(server, ledger)
  if (size === 0) return
  for (;;) {
    const { indexed_size } = await server.get<{ indexed_size: number }>(`/v1/ledgers/${ledger}`)
    if (indexed_size >= size) return
    await pause(50)
  }
}

export async function measureIngest(server: BenchServer): Promise<Figures> {
  const { port } = server
  // The first requests compile the hot path; they are not what is asked for.
  await runLoad({ port, connections: 64, requests: batchRequests(sampleRecords(30_000, seed++)) })
  await untilIndexed(server)
  const records = 300_000
  const batches = await runLoad({
    port,
    connections: 64,
    requests: batchRequests(sampleRecords(records, seed++)),
  })
  assertAll(batches.statuses)
  await untilIndexed(server)
  const single = await runLoad({ port, connections: 256, requests: singleRequests(50_000) })
  assertAll(single.statuses)
  await untilIndexed(server)
  const few = await runLoad({ port, connections: 16, requests: singleRequests(20_000) })
  assertAll(few.statuses)
  return {
    'ingest.ndjson': records / batches.seconds,
    'ingest.single': 50_000 / single.seconds,
    'latency.p50': percentile(few.latenciesMs, 0.5),
    'latency.p99': percentile(few.latenciesMs, 0.99),
  }
}

/** How long `records` in requests of 100 take on 64 connections, in turns to each of the ledgers. */
export async function ndjsonSeconds(
  { port }: Pick<BenchServer, 'port'>,
  records: number,
  ledgers: readonly string[] = ['main'],
): Promise<number> {
  const each = ledgers.map((ledger) =>
    batchRequests(sampleRecords(records / ledgers.length, seed++), `/v1/events?ledger=${ledger}`),
  )
  const requests = each[0]!.flatMap((_, at) => each.map((ofLedger) => ofLedger[at]!))
  const load = await runLoad({ port, connections: 64, requests })
  assertAll(load.statuses)
  return load.seconds
}

function singleRequests(count: number): Buffer[] {
  return sampleRecords(count, seed++).map((record) =>
    postRequest('/v1/events', TOKEN, 'application/json', JSON.stringify(record)),
  )
}

function assertAll(statuses: ReadonlyMap<number, number>): void {
  const bad = [...statuses].filter(([status]) => status !== 200)
  if (bad.length > 0) throw new Error(`answers other than 200: ${JSON.stringify(bad)}`)
}

/** 20,000 records a second at an even pace: how old is the oldest entry that search does not find yet. */
export async function measureLag(server: BenchServer, seconds: number): Promise<Figures> {
  const perTick = 10
  const tickMs = (perTick * BATCH) / 20
  let worstLag = 0
  let worstRss = 0
  const requests = batchRequests(sampleRecords(perTick * BATCH * 20 * seconds, seed++))
  const started = performance.now()
  const pending: Promise<unknown>[] = []
  for (let tick = 0; tick * perTick < requests.length; tick++) {
    const due = started + tick * tickMs
    const wait = due - performance.now()
    if (wait > 0) await pause(wait)
    const slice = requests.slice(tick * perTick, (tick + 1) * perTick)
    pending.push(runLoad({ port: server.port, connections: perTick, requests: slice }))
    if (tick % 10 !== 0) continue
    const { size, indexed_size } = await server.get<{ size: number; indexed_size: number }>(
      '/v1/ledgers/main',
    )
    worstLag = Math.max(worstLag, (size - indexed_size) / 20_000)
    worstRss = Math.max(worstRss, server.rssMib())
  }
  await Promise.all(pending)
  const rate = (requests.length * BATCH) / ((performance.now() - started) / 1000)
  if (rate < 19_000) console.log(`  (only ${Math.round(rate)} records/s could be kept up for the lag)`)
  return { 'index.lag': worstLag, 'memory.rss': worstRss }
}

export async function measureProofs(server: BenchServer): Promise<Figures> {
  const size = await sizeOf(server)
  const times = await timesOf(server, 200, (i) => `/v1/ledgers/main/entries/${(i * 104_729) % size}/proof`)
  return { 'proof.make': percentile(times, 0.5) }
}

export async function timesOf(
  server: BenchServer,
  count: number,
  path: (i: number) => string,
): Promise<Float64Array> {
  const headers = { authorization: `Bearer ${TOKEN}` }
  const times = new Float64Array(count)
  for (let i = -20; i < count; i++) {
    const started = performance.now()
    const response = await fetch(`http://127.0.0.1:${server.port}${path(i + 20)}`, { headers })
    await response.text()
    if (i >= 0) times[i] = performance.now() - started
  }
  return times.toSorted()
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
