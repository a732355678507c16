/** What each figure must be (DESIGN.md, "Budgets"): two cores, load generator on the same machine. */

export interface Budget {
  readonly title: string
  readonly unit: string
  /** The figure must be at least, or at most, this much. */
  readonly bound: readonly ['≥' | '≤', number]
}

export const BUDGETS = {
  'ingest.ndjson': {
    title: 'NDJSON, 100 a request, 64 connections',
    unit: 'records/s',
    bound: ['≥', 60_000],
  },
  'ingest.single': { title: 'one a request, 256 connections', unit: 'records/s', bound: ['≥', 15_000] },
  'latency.p50': { title: 'one a request, 16 connections, p50', unit: 'ms', bound: ['≤', 5] },
  'latency.p99': { title: 'one a request, 16 connections, p99', unit: 'ms', bound: ['≤', 30] },
  'grpc.batch': { title: 'gRPC, 100 a call, 8 connections', unit: 'records/s', bound: ['≥', 40_000] },
  'grpc.p50': { title: 'gRPC, one a call, 16 in flight, p50', unit: 'ms', bound: ['≤', 5] },
  'grpc.p99': { title: 'gRPC, one a call, 16 in flight, p99', unit: 'ms', bound: ['≤', 30] },
  'index.lag': { title: 'index lag at 20,000 records/s, worst', unit: 's', bound: ['≤', 2] },
  'memory.rss': { title: 'server RSS at 20,000 records/s, worst', unit: 'MiB', bound: ['≤', 400] },
  'proof.make': { title: 'make a proof, over HTTP, p50', unit: 'ms', bound: ['≤', 2] },
  'verify.content': {
    title: 'verify a ledger with content, one core',
    unit: 'entries/s',
    bound: ['≥', 100_000],
  },
  'export.records': { title: 'export all as NDJSON with proofs', unit: 'records/s', bound: ['≥', 100_000] },
  'export.bytes': { title: 'the same in bytes', unit: 'MiB/s', bound: ['≥', 50] },
  'export.rss': { title: 'server RSS growth by an export, worst', unit: 'MiB', bound: ['≤', 50] },
  'disk.record': { title: 'disk per record: content, leaf, tree, index', unit: 'bytes', bound: ['≤', 450] },
  'start.ready': { title: 'ready after start', unit: 's', bound: ['≤', 1] },
  'start.recovery': { title: 'ready after kill -9 under load', unit: 's', bound: ['≤', 5] },
  'search.actor': { title: 'search by actor, first page, p99', unit: 'ms', bound: ['≤', 100] },
  'search.trace': { title: 'search by trace, first page, p99', unit: 'ms', bound: ['≤', 100] },
  'search.target': { title: 'search by target, first page, p99', unit: 'ms', bound: ['≤', 100] },
  'search.action': { title: 'search by action and outcome, p99', unit: 'ms', bound: ['≤', 100] },
  'search.text': { title: 'search by words, first page, p99', unit: 'ms', bound: ['≤', 100] },
  'histogram.outcome': {
    title: 'histogram of all, 60 buckets by outcome, p99',
    unit: 'ms',
    bound: ['≤', 300],
  },
  'promql.range': {
    title: 'PromQL: rate by outcome, 30 days by the hour, p99',
    unit: 'ms',
    bound: ['≤', 300],
  },
  'facets.core': { title: 'facets of four fields over all, p99', unit: 'ms', bound: ['≤', 300] },
} as const satisfies Record<string, Budget>

export type Figure = keyof typeof BUDGETS

export function isWithin(figure: Figure, value: number): boolean {
  const [sign, limit] = BUDGETS[figure].bound
  return sign === '≥' ? value >= limit : value <= limit
}
