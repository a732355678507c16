/** How long answers from the search index take: first pages, histograms, facets. */
import type { BenchServer } from './bench-server.ts'
import type { Figure } from './budgets.ts'
import { timesOf } from './figures.ts'
import { percentile } from './http-load.ts'

const REPEATS = 100

export async function measureSearch(server: BenchServer): Promise<Partial<Record<Figure, number>>> {
  const { records } = await server.get<{ records: { trace_id: string }[] }>('/v1/search?limit=200')
  const traces = records.map(({ trace_id }) => trace_id)
  const page = '/v1/search?limit=50'
  const p99 = async (path: (i: number) => string): Promise<number> =>
    percentile(await timesOf(server, REPEATS, path), 0.99)
  return {
    'search.actor': await p99((i) => `${page}&actor=u-${(i * 7919) % 50_000}`),
    'search.target': await p99((i) => `${page}&target=o-${(i * 7919) % 1_000_000}`),
    'search.trace': await p99((i) => `${page}&trace_id=${traces[i % traces.length]}`),
    'search.action': await p99((i) => `${page}&action=payment.refunded&outcome=denied&last=${i + 1}d`),
    'search.text': await p99((i) => `${page}&q=Person ${(i * 104_729) % 50_000}`),
    'histogram.outcome': await p99((i) => `/v1/histogram?by=outcome&buckets=60&last=${1000 + i}d`),
    'promql.range': await p99((i) => `/api/v1/query_range?${hourly(i)}`),
    'facets.core': await p99((i) => `/v1/facets?fields=service,action,outcome,kind&last=${1000 + i}d`),
  }
}

/** Thirty days in steps of an hour, as Grafana asks; another hour each time. */
function hourly(i: number): string {
  const end = (Math.floor(Date.now() / 3_600_000) - i) * 3600
  const query = 'sum by (outcome) (rate(trailproof_events[1h]))'
  const range = { start: String(end - 30 * 86_400), end: String(end), step: '3600' }
  return new URLSearchParams({ query, ...range }).toString()
}
