/** The server's own counters and gauges, in Prometheus' text format. */

/** Upper bounds of the histogram of append times, seconds. */
const APPEND_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** What is read at the moment of a scrape. */
export interface Gauges {
  readonly ledgers: readonly { readonly name: string; readonly size: number; readonly indexedSize: number }[]
  readonly waitingRecords: number
  readonly freeBytes: number
  readonly quarantinedRecords: number
}

export class Metrics {
  tailSessions = 0
  indexFailures = 0
  /** Records by `<ledger> <status>`; labels are written at a scrape, not at each request. */
  readonly #records = new Map<string, number>()
  /** Requests by `<method> <route> <status>`. */
  readonly #requests = new Map<string, number>()
  /** gRPC calls by `<method> <code>`. */
  readonly #calls = new Map<string, number>()
  readonly #appendCounts = APPEND_BUCKETS.map(() => 0)
  #appends = 0
  #appendSeconds = 0

  countRecords(ledger: string, status: string, count: number): void {
    if (count > 0) add(this.#records, `${ledger} ${status}`, count)
  }

  /** `route` is the route's pattern, never a path: paths are without number. */
  countRequest(method: string, route: string, status: number): void {
    add(this.#requests, `${method} ${route} ${status}`, 1)
  }

  /** `method` is one of the proto's; `code` a gRPC status code. */
  countCall(method: string, code: number): void {
    add(this.#calls, `${method} ${code}`, 1)
  }

  /** Time from a request's records being ready to their being committed. */
  observeAppend(seconds: number): void {
    this.#appends++
    this.#appendSeconds += seconds
    for (let i = APPEND_BUCKETS.length - 1; i >= 0 && seconds <= APPEND_BUCKETS[i]!; i--)
      this.#appendCounts[i]!++
  }

  render(gauges: Gauges): string {
    const lines: string[] = []
    const family = (
      name: string,
      type: string,
      help: string,
      samples: Iterable<readonly [string, number]>,
    ): void => {
      lines.push(`# HELP trailproof_${name} ${help}`, `# TYPE trailproof_${name} ${type}`)
      for (const [tail, value] of samples) lines.push(`trailproof_${name}${tail} ${value}`)
    }
    const perLedger = (value: (ledger: Gauges['ledgers'][number]) => number): [string, number][] =>
      gauges.ledgers.map((ledger) => [labels({ ledger: ledger.name }), value(ledger)])

    family(
      'records_total',
      'counter',
      'Records answered, by status of their receipt.',
      labelled(this.#records, ['ledger', 'status']),
    )
    family(
      'http_requests_total',
      'counter',
      'HTTP requests answered.',
      labelled(this.#requests, ['method', 'route', 'status']),
    )
    family('grpc_calls_total', 'counter', 'gRPC calls answered.', labelled(this.#calls, ['method', 'code']))
    family('append_seconds', 'histogram', 'Time for records to be committed and locked.', [
      ...APPEND_BUCKETS.map((bound, i) => [`_bucket{le="${bound}"}`, this.#appendCounts[i]!] as const),
      ['_bucket{le="+Inf"}', this.#appends],
      ['_sum', this.#appendSeconds],
      ['_count', this.#appends],
    ])
    family(
      'ledger_size',
      'gauge',
      'Entries in the ledger.',
      perLedger(({ size }) => size),
    )
    family(
      'index_lag_entries',
      'gauge',
      'Entries not yet found by search.',
      perLedger(({ size, indexedSize }) => size - indexedSize),
    )
    family('index_failures_total', 'counter', 'Blocks or steps that could not be indexed.', [
      ['', this.indexFailures],
    ])
    family('waiting_records', 'gauge', 'Records waiting for the disk.', [['', gauges.waitingRecords]])
    family('quarantined_records', 'gauge', 'Records in quarantine.', [['', gauges.quarantinedRecords]])
    family('tail_sessions', 'gauge', 'Open live tails.', [['', this.tailSessions]])
    family('disk_free_bytes', 'gauge', 'Space left on the fullest disk written to.', [['', gauges.freeBytes]])
    family('resident_memory_bytes', 'gauge', 'Memory of the process.', [['', process.memoryUsage.rss()]])
    return `${lines.join('\n')}\n`
  }
}

function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

function* labelled(
  counts: ReadonlyMap<string, number>,
  names: readonly string[],
): Generator<[string, number]> {
  for (const [key, count] of counts) {
    const values = key.split(' ')
    yield [labels(Object.fromEntries(names.map((name, i) => [name, values[i]!]))), count]
  }
}

function labels(values: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(values).map(([name, value]) => `${name}="${value.replace(/["\\\n]/g, '_')}"`)
  return `{${pairs.join(',')}}`
}
