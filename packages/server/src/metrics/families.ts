/**
 * Every metric that the server has: its type, its labels and what it says. docs/metrics.md is the same table for
 * people; a test compares the two.
 */

type Type = 'counter' | 'gauge' | 'histogram'

export interface Family {
  readonly type: Type
  readonly labels: readonly string[]
  /** Upper bounds of a histogram's buckets, ascending; infinity is added. */
  readonly buckets?: readonly number[]
  readonly help: string
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
/** One series a route and bucket: fewer of them. */
const ROUTE_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const LAG_SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5]
const COMMIT_RECORDS = [1, 4, 16, 64, 256, 1024, 2048, 4096, 8192]

function counter(help: string, labels: readonly string[] = []): Family {
  return { type: 'counter', labels, help }
}

function gauge(help: string, labels: readonly string[] = []): Family {
  return { type: 'gauge', labels, help }
}

function histogram(help: string, buckets: readonly number[], labels: readonly string[] = []): Family {
  return { type: 'histogram', labels, buckets, help }
}

export const FAMILIES = {
  // Requests: rate, errors and duration of each endpoint and RPC.
  trailproof_http_requests_total: counter('HTTP requests answered, by route template and status.', [
    'method',
    'route',
    'status',
  ]),
  trailproof_http_request_seconds: histogram(
    'Time from a request’s headers to the end of its answer.',
    ROUTE_SECONDS,
    ['method', 'route'],
  ),
  trailproof_http_requests_in_flight: gauge('HTTP requests that are not answered yet.', ['method', 'route']),
  trailproof_grpc_calls_total: counter('gRPC calls ended, by method and status code.', ['method', 'code']),
  trailproof_grpc_call_seconds: histogram('Duration of gRPC calls; a stream is one call.', ROUTE_SECONDS, [
    'method',
  ]),
  trailproof_grpc_calls_in_flight: gauge('gRPC calls that have not ended yet.', ['method']),
  trailproof_refusals_total: counter('Requests and calls answered with a problem, by what the problem is.', [
    'protocol',
    'reason',
  ]),

  trailproof_connections_refused_total: counter('Connections closed as they came, beyond connections_max.'),

  // Records on their way in.
  trailproof_records_total: counter('Records answered, by the status of their receipt.', [
    'ledger',
    'status',
  ]),
  trailproof_bad_records_total: counter('Records that were not valid, by the code of their first problem.', [
    'code',
  ]),
  trailproof_ack_seconds: histogram(
    'Time from a body being there to its records being on the disk and ready to be acknowledged.',
    SECONDS,
    ['protocol'],
  ),
  trailproof_waiting_records: gauge('Records waiting for the disk.'),
  trailproof_waiting_records_max: gauge('Setting waiting_records_max: beyond it requests are refused.'),
  trailproof_intake_waiting_messages: gauge(
    'Messages that wait at the broker for a sequencer; 0 without a broker.',
  ),
  trailproof_waiting_bytes: gauge('Bytes of content waiting for the disk.'),
  trailproof_commits_in_flight: gauge('Commits handed to the sequencer: one at work, one ready.'),
  trailproof_commit_records: histogram('Records in one commit.', COMMIT_RECORDS),
  trailproof_commit_seconds: histogram(
    'Time from handing a commit to the sequencer to its being locked; the next one waits for the one at work.',
    SECONDS,
  ),
  trailproof_quarantined_records: gauge('Records in quarantine.'),
  trailproof_quarantine_records_max: gauge('Setting quarantine_records_max: beyond it they are refused.'),

  // Ledgers and their index.
  trailproof_ledgers: gauge('Ledgers, by state: open, closed (succeeded by another), deleted, blocked.', [
    'state',
  ]),
  trailproof_ledger_size: gauge('Entries in the ledger.', ['ledger']),
  trailproof_index_lag_entries: gauge('Entries that search does not find yet.', ['ledger']),
  trailproof_index_lag_seconds: gauge('Age of the oldest entry that search does not find yet.', ['ledger']),
  trailproof_index_failures_total: counter('Blocks or steps that could not be indexed; the log says where.'),

  // Readers.
  trailproof_search_seconds: histogram('Time that the index took for one question.', SECONDS, ['operation']),
  trailproof_search_incomplete_total: counter(
    'Questions to the index that ended at a bound of time or rows, and said so in their answer.',
    ['operation'],
  ),
  trailproof_tail_sessions: gauge('Open live tails, of HTTP and gRPC.'),
  trailproof_tail_sessions_max: gauge('Setting tail_sessions_max: beyond it tails are refused.'),
  trailproof_export_sessions: gauge('Exports that run.'),
  trailproof_export_sessions_max: gauge('Setting exports_max: beyond it exports are refused.'),
  trailproof_access_records_total: counter('Reads and changes recorded in companion ledgers.'),
  trailproof_access_records_failed_total: counter(
    'Reads and changes that could not be recorded, and so were refused or are tried again.',
  ),
  trailproof_access_denials_total: counter(
    'Refusals for want of a key or permission: recorded, repeated within a minute, over the bound of a minute, or failed to be recorded.',
    ['outcome'],
  ),
  trailproof_access_repeats_counted: gauge('Recent reads of which repeats are counted instead of recorded.'),

  // What is remembered in Redis, where the setting cache names one.
  trailproof_cache_lookups_total: counter(
    'Requests that asked the cache: receipts of records sent again, counts of searches.',
    ['cache', 'outcome'],
  ),
  trailproof_cache_refused_total: counter(
    'Values in the cache that no server with this key put there, and that were ignored.',
    ['cache'],
  ),
  trailproof_cache_errors_total: counter(
    'Times that the cache could not be used: away, late, full; then it is left alone for 3 s.',
    ['operation'],
  ),

  // The machine and the process.
  trailproof_admission: gauge('1 for the present state: open, disk-reserve, disk-unreadable, stopping.', [
    'state',
  ]),
  trailproof_disk_free_bytes: gauge('Space left on the fullest disk that is written to.'),
  trailproof_disk_reserve_bytes: gauge('Setting disk_reserve_mib: below it new records are refused.'),
  trailproof_thread_calls_waiting: gauge('Questions to a worker thread that it has not answered.', [
    'thread',
  ]),
  trailproof_event_loop_lag_seconds: histogram('How late the main thread is for its timers.', LAG_SECONDS),
  trailproof_event_loop_active_seconds_total: counter(
    'Time in which the main thread had work: its rate is the share of a core.',
  ),
  trailproof_build_info: gauge('Always 1; the labels say what runs.', ['version', 'node']),
  process_cpu_seconds_total: counter('Processor time of all threads.'),
  process_resident_memory_bytes: gauge('Memory of the process.'),
  process_start_time_seconds: gauge('When the process began, seconds since 1970.'),
  process_open_fds: gauge('Open files and connections.'),
  nodejs_heap_size_used_bytes: gauge('JavaScript heap of the main thread in use.'),
} as const satisfies Readonly<Record<string, Family>>

export type FamilyName = keyof typeof FAMILIES
