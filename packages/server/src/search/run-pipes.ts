/** What the pipes of a query make of what it finds: a table of counts, or other records and fields. */
import type { Filter, Pipe } from '@trailproof/core/query'
import { timeBounds } from '@trailproof/core/query'
import type { Sight } from '../access/sight.ts'
import type { Services } from '../services.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { QUERY_TIMEOUT_MS } from './find.ts'
import { type ShownRangeRequest, shownRange, timeText } from './shown-range.ts'
import { JOINT } from './tally-cells.ts'
import { tallyWithin } from './tally-within.ts'
import { BUCKETS_MAX, type Buckets, timeBuckets } from './time-buckets.ts'

/** Records read at most to count what the index cannot. */
export const SAMPLE_MAX = 100_000
/** Rows of a table of counts. */
const ROWS_MAX = 10_000

export interface Table {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** False: time ran out, or not all matches were read. */
  readonly complete: boolean
  /** Newest matches that were read one by one, when the index could not count. */
  readonly sampled: number | undefined
  /** Of a timeline: matches before its first step and after its last one. */
  readonly outside?: number
}

type TablePipe = Extract<Pipe, { kind: 'count' | 'top' | 'timeline' }>

/** The pipe that makes a table, when there is one. Pipes behind it would have nothing to work on. */
export function tablePipe(pipes: readonly Pipe[]): TablePipe | undefined {
  const at = pipes.findIndex(isTablePipe)
  if (at >= 0 && at < pipes.length - 1)
    throw new TrailproofError('BAD_REQUEST', `${pipes[at]!.kind} makes a table: it must be the last pipe`)
  return at < 0 ? undefined : (pipes[at] as TablePipe) // found by isTablePipe
}

function isTablePipe({ kind }: Pipe): boolean {
  return kind === 'count' || kind === 'top' || kind === 'timeline'
}

export async function runTablePipe(
  pipe: TablePipe,
  { ledger, filter, sight }: { ledger: string; filter: Filter | undefined; sight: Pick<Sight, 'rows'> },
  { searcher, now }: Pick<Services, 'searcher' | 'now'>,
): Promise<Table> {
  const nowMs = now()
  const query = { ledger, filter, nowMs, timeoutMs: QUERY_TIMEOUT_MS, sample: SAMPLE_MAX }
  if (pipe.kind === 'timeline') {
    const buckets = await timelineBuckets(pipe, { ...query, sight }, searcher)
    const { outside, ...tally } = await tallyWithin(searcher, {
      ...query,
      edges: buckets.edges,
      by: pipe.by === undefined ? [] : [pipe.by],
    })
    const starts = buckets.edges.slice(0, -1).map((_, i) => timeText(buckets.starts[i]!))
    const lines = pipe.by === undefined ? [] : ranked(tally.by[pipe.by]!)
    const rows =
      pipe.by === undefined
        ? starts.map((start, i) => [start, tally.counts[i]!])
        : starts.flatMap((start, i) =>
            lines
              .filter(({ counts }) => counts[i]! > 0)
              .map(({ value, counts }) => [start, value, counts[i]!]),
          )
    return {
      columns: ['time', ...(pipe.by === undefined ? [] : [pipe.by]), 'count'],
      ...cut(rows, tally),
      outside: outside.before + outside.after,
    }
  }
  const fields = pipe.kind === 'top' ? [pipe.field] : pipe.by
  const by = fields.join(JOINT)
  const tally = await searcher.tally({ ...query, edges: [], by: fields.length > 0 ? [by] : [] })
  if (fields.length === 0) return { columns: ['count'], ...cut([[tally.counts[0]!]], tally) }
  const lines = ranked(tally.by[by]!).slice(0, pipe.kind === 'top' ? pipe.limit : undefined)
  const rows = lines.map(({ value, counts }) => [...value.split(JOINT), counts[0]!])
  return { columns: [...fields, 'count'], ...cut(rows, tally) }
}

/** As far as records are; without an upper bound to now where clocks that are ahead make too many steps. */
async function timelineBuckets(
  { stepSeconds, text }: Extract<TablePipe, { kind: 'timeline' }>,
  query: ShownRangeRequest,
  searcher: Pick<Services['searcher'], 'believedRange' | 'sorted'>,
): Promise<Buckets> {
  const { fromMs, toMs, found } = await shownRange(searcher, query)
  const ends = [Math.min(toMs, found?.toMs ?? query.nowMs)]
  if (timeBounds(query.filter, query.nowMs).toMs === undefined) ends.push(Math.min(ends[0]!, query.nowMs))
  for (const end of ends) {
    const range = { fromMs, toMs: Math.max(fromMs + 1, end) }
    const buckets = timeBuckets({ ...range, buckets: 1, stepMs: stepSeconds * 1000, zone: 'UTC' })
    if (buckets) return buckets
  }
  throw new TrailproofError(
    'BAD_REQUEST',
    `timeline ${text} would have more than ${BUCKETS_MAX} steps from ${timeText(fromMs)} to ${timeText(ends[0]!)}: take a longer step, or a narrower time such as last:24h`,
  )
}

function cut(
  rows: readonly (readonly (string | number)[])[],
  { complete, sampled }: { complete: boolean; sampled: number | undefined },
): Pick<Table, 'rows' | 'complete' | 'sampled'> {
  return { rows: rows.slice(0, ROWS_MAX), complete: complete && rows.length <= ROWS_MAX, sampled }
}

/** Values with their counts, most frequent first, equals in their order as texts. */
export function ranked(
  values: ReadonlyMap<string, readonly number[]>,
): { value: string; counts: readonly number[]; count: number }[] {
  return [...values]
    .map(([value, counts]) => ({ value, counts, count: counts.reduce((sum, each) => sum + each, 0) }))
    .toSorted((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
}
