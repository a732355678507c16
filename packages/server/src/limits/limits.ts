/** The rates that settings set, for keys, ledgers and addresses; counted in memory, and with others through a tally. */
import type { Settings } from '../settings.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { Pacer } from './pacer.ts'

/** A client that opens many connections at once, or wakes up with much to say, is not refused for that. */
const BURST_MS = 2_000
const MINUTE_MS = 60_000

export type RateSettings = Pick<
  Settings,
  | 'key_requests_per_second'
  | 'address_requests_per_second'
  | 'address_failures_per_minute'
  | 'ledger_records_per_second'
>

export class Limits {
  readonly #settings: RateSettings
  readonly #now: () => number
  readonly #keys: Pacer | undefined
  readonly #addresses: Pacer | undefined
  readonly #failures: Pacer | undefined
  readonly #ledgers: Pacer | undefined

  /** `now`: ms of a clock that never goes back. */
  constructor(settings: RateSettings, now: () => number = () => performance.now()) {
    this.#settings = settings
    this.#now = now
    this.#keys = pacerOf(settings.key_requests_per_second)
    this.#addresses = pacerOf(settings.address_requests_per_second)
    this.#ledgers = pacerOf(settings.ledger_records_per_second)
    // A burst of a whole minute: a person, or a fleet that was given the old key, fails many times at once.
    this.#failures = pacerOf(settings.address_failures_per_minute / 60, MINUTE_MS)
  }

  /** Those that are set, by the names that all servers know them by. */
  pacers(): ReadonlyMap<string, Pacer> {
    const all = { key: this.#keys, address: this.#addresses, failure: this.#failures, ledger: this.#ledgers }
    return new Map(Object.entries(all).filter((entry): entry is [string, Pacer] => entry[1] !== undefined))
  }

  /** Counts a request before it is dealt with. `callerId` gives undefined when nobody is known by it. Throws RATE_LIMITED. */
  request(address: string, callerId: () => string | undefined): void {
    const now = this.#now()
    if (this.#addresses && this.#addresses.take(address, 1, now) > 0)
      throw limited('address_requests_per_second', this.#settings.address_requests_per_second, 'this address')
    const key = this.#keys && callerId()
    if (key !== undefined && this.#keys!.take(key, 1, now) > 0)
      throw limited('key_requests_per_second', this.#settings.key_requests_per_second, 'this caller')
  }

  /** Counts a request that is refused for its key; RATE_LIMITED is what it is told when there were too many. */
  failed(address: string): TrailproofError | undefined {
    if (!this.#failures || this.#failures.take(address, 1, this.#now()) === 0) return undefined
    return limited(
      'address_failures_per_minute',
      this.#settings.address_failures_per_minute,
      'refused keys of this address',
    )
  }

  /** Counts records before they are recorded; RATE_LIMITED, none of them, while earlier ones are not paid for. */
  records(ledger: string, count: number): TrailproofError | undefined {
    if (!this.#ledgers || this.#ledgers.take(ledger, count, this.#now()) === 0) return undefined
    return limited('ledger_records_per_second', this.#settings.ledger_records_per_second, `ledger ${ledger}`)
  }
}

function pacerOf(perSecond: number, burstMs = BURST_MS): Pacer | undefined {
  return perSecond > 0 ? new Pacer({ perSecond, burstMs }) : undefined
}

function limited(setting: keyof RateSettings, limit: number, whose: string): TrailproofError {
  return new TrailproofError('RATE_LIMITED', `${whose}: more than ${setting} (${limit}) allows`, {
    retryable: true,
  })
}
