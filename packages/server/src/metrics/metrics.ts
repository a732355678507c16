/**
 * What the server counts and measures as it goes (families.ts). Labels have few values by design: routes are
 * templates, reasons and codes are closed sets, and of ledgers only so many are told apart.
 */
import { type Histogram, Registry, type Value } from './registry.ts'

/** Ledgers with series of their own; the others are counted together. */
export const LEDGERS_MAX = 500
/** Not a ledger's name. */
export const OTHER_LEDGERS = '_others'

const PROTOCOLS = ['http', 'grpc'] as const
export type Protocol = (typeof PROTOCOLS)[number]

/** Told as 0 from the start: a counter that appears with a value is no increase, and alerts ask for those. */
const ALERTED_REASONS = ['internal', 'overloaded', 'disk-reserve', 'ledger-blocked']
const RECORD_STATUSES = ['recorded', 'duplicate', 'conflict', 'quarantined', 'refused']

/** What is counted of one route, looked up once a request. */
export interface RouteSamples {
  readonly inFlight: Value
  readonly seconds: Histogram
  answered(status: number): void
}

/** What is counted of one RPC, looked up when it is bound. */
export interface MethodSamples {
  readonly inFlight: Value
  readonly seconds: Histogram
  ended(code: number): void
}

export class Metrics {
  readonly registry = new Registry()
  readonly #routes = new Map<string, RouteSamples>()
  readonly #ledgers = new Set<string>()
  /** By ledger and status. */
  readonly #records = new Map<string, Value>()
  readonly #ackSeconds = {
    http: this.registry.histogram('trailproof_ack_seconds', 'http'),
    grpc: this.registry.histogram('trailproof_ack_seconds', 'grpc'),
  }
  readonly #commitRecords = this.registry.histogram('trailproof_commit_records')
  readonly #commitSeconds = this.registry.histogram('trailproof_commit_seconds')

  constructor() {
    for (const protocol of PROTOCOLS)
      for (const reason of ALERTED_REASONS) this.registry.value('trailproof_refusals_total', protocol, reason)
  }

  /** `route` is the route's template, never a path: paths are without number. */
  route(method: string, route: string): RouteSamples {
    const key = `${method} ${route}`
    let samples = this.#routes.get(key)
    if (!samples) {
      samples = {
        inFlight: this.registry.value('trailproof_http_requests_in_flight', method, route),
        seconds: this.registry.histogram('trailproof_http_request_seconds', method, route),
        answered: byNumber((status) =>
          this.registry.value('trailproof_http_requests_total', method, route, status),
        ),
      }
      this.#routes.set(key, samples)
    }
    return samples
  }

  /** `method` is one of the proto's. */
  method(method: string): MethodSamples {
    return {
      inFlight: this.registry.value('trailproof_grpc_calls_in_flight', method),
      seconds: this.registry.histogram('trailproof_grpc_call_seconds', method),
      ended: byNumber((code) => this.registry.value('trailproof_grpc_calls_total', method, code)),
    }
  }

  countRefusal(protocol: Protocol, reason: string): void {
    this.registry.value('trailproof_refusals_total', protocol, reason).add(1)
  }

  countDenial(outcome: 'recorded' | 'repeated' | 'over_bound' | 'failed'): void {
    this.registry.value('trailproof_access_denials_total', outcome).add(1)
  }

  countRecords(ledger: string, status: string, count: number): void {
    if (count === 0) return
    const key = `${ledger} ${status}`
    let value = this.#records.get(key)
    if (!value) {
      value = this.registry.value('trailproof_records_total', this.ledgerLabel(ledger), status)
      this.#records.set(key, value)
    }
    value.add(count)
  }

  /** Of a ledger that records come into. */
  expectRecords(ledger: string): void {
    for (const status of RECORD_STATUSES)
      this.registry.value('trailproof_records_total', this.ledgerLabel(ledger), status)
  }

  countBadRecord(code: string): void {
    this.registry.value('trailproof_bad_records_total', code).add(1)
  }

  /** Time from a request's body being there to its records being committed and locked. */
  observeAck(protocol: Protocol, seconds: number): void {
    this.#ackSeconds[protocol].observe(seconds)
  }

  /** Counts and times a commit; its failures are told elsewhere. */
  async measureCommit<T>(records: number, commit: () => Promise<T>): Promise<T> {
    const started = performance.now()
    const inFlight = this.registry.value('trailproof_commits_in_flight')
    inFlight.add(1)
    try {
      const result = await commit()
      this.#commitRecords.observe(records)
      this.#commitSeconds.observe((performance.now() - started) / 1000)
      return result
    } finally {
      inFlight.add(-1)
    }
  }

  observeSearch(operation: string, seconds: number, isComplete: boolean): void {
    this.registry.histogram('trailproof_search_seconds', operation).observe(seconds)
    this.registry.value('trailproof_search_incomplete_total', operation).add(isComplete ? 0 : 1)
  }

  countIndexFailure(): void {
    this.registry.value('trailproof_index_failures_total').add(1)
  }

  countAccessRecord(isRecorded: boolean): void {
    const name = isRecorded ? 'trailproof_access_records_total' : 'trailproof_access_records_failed_total'
    this.registry.value(name).add(1)
  }

  /** The ledger's name, or the one for all ledgers beyond the first `LEDGERS_MAX`. */
  ledgerLabel(ledger: string): string {
    if (this.#ledgers.has(ledger)) return ledger
    if (this.#ledgers.size >= LEDGERS_MAX) return OTHER_LEDGERS
    this.#ledgers.add(ledger)
    return ledger
  }
}

/** Adds one to the sample of a number, such as a status; each is looked up once. */
function byNumber(sample: (text: string) => Value): (number: number) => void {
  const samples = new Map<number, Value>()
  return (number) => {
    let value = samples.get(number)
    if (!value) samples.set(number, (value = sample(String(number))))
    value.add(1)
  }
}
