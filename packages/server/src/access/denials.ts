/**
 * Who was refused: one record in the companion ledger for each, as far as there is room. Answers neither wait for it
 * nor fail because of it. The same refusal again within a minute is counted; so strangers cannot fill the disk.
 */
import type { Metrics } from '../metrics/metrics.ts'
import type { Access, AccessLog } from './access-log.ts'
import type { Permission } from './permissions.ts'

const REPEATS_MS = 60_000
const SWEEP_MS = 5000
/** Records of denials that are begun in a minute, of all ledgers together; the others are counted alone. */
export const DENIALS_A_MINUTE_MAX = 120

export interface Denial {
  /** The ledger asked for, as far as it is known that there is one. */
  readonly ledger: string
  /** Undefined: nobody we know. */
  readonly caller: Access['caller'] | undefined
  readonly permission: Permission | undefined
  /** A template, such as `GET /v1/events/:id`, or the path of an RPC. */
  readonly route: string
  readonly ip: string | undefined
  readonly requestId: string | undefined
  /** What else is to be said of it, of few different ones: `wrong password`. */
  readonly reason?: string | undefined
}

export interface DenialsDeps {
  readonly accessLog: Pick<AccessLog, 'denied'>
  readonly metrics: Pick<Metrics, 'countDenial'>
  /** ms since 1970. */
  readonly now: () => number
}

interface Counted {
  readonly denial: Denial
  repeats: number
}

const UNKNOWN: Access['caller'] = { id: 'unknown', name: 'unknown' }

export class Denials {
  readonly #deps: DenialsDeps
  /** Of this minute. */
  #counted = new Map<string, Counted>()
  #minute = 0
  #recording: Promise<unknown> = Promise.resolve()
  #waiting = 0
  readonly #timer: NodeJS.Timeout

  constructor(deps: DenialsDeps) {
    this.#deps = deps
    this.#timer = setInterval(() => this.#turn(this.#thisMinute()), SWEEP_MS)
    this.#timer.unref()
  }

  note(denial: Denial): void {
    this.#turn(this.#thisMinute())
    const { ledger, caller, permission, route, ip, reason } = denial
    // Not the address of strangers: one with many of them would be many.
    const key = JSON.stringify([ledger, caller?.id, permission, route, caller && ip, reason])
    const counted = this.#counted.get(key)
    if (counted) counted.repeats++
    else if (this.#counted.size < DENIALS_A_MINUTE_MAX) {
      this.#counted.set(key, { denial, repeats: 0 })
      this.#record(denial, {})
      return
    }
    this.#deps.metrics.countDenial(counted ? 'repeated' : 'over_bound')
  }

  /** Resolves when what was noted so far is recorded, or cannot be. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#turn(Infinity)
    await this.#recording
  }

  #thisMinute(): number {
    return Math.floor(this.#deps.now() / REPEATS_MS)
  }

  #turn(minute: number): void {
    if (minute === this.#minute) return
    this.#minute = minute
    const before = this.#counted
    this.#counted = new Map()
    for (const { denial, repeats } of before.values()) if (repeats > 0) this.#record(denial, { repeats })
  }

  /** One after another: they are not what the sequencer is there for. */
  #record(
    { ledger, caller = UNKNOWN, permission, route, ip, requestId, reason }: Denial,
    more: { readonly repeats?: number },
  ): void {
    // What cannot be recorded now does not pile up.
    if (this.#waiting >= 2 * DENIALS_A_MINUTE_MAX) {
      this.#deps.metrics.countDenial('over_bound')
      return
    }
    this.#waiting++
    const asked = {
      route,
      ...(permission !== undefined && { permission }),
      ...(reason !== undefined && { reason }),
    }
    this.#recording = this.#recording
      .then(() =>
        this.#deps.accessLog.denied({ ledger, caller, action: 'denied', ip, requestId, asked }, more),
      )
      .then(
        () => this.#deps.metrics.countDenial('recorded'),
        () => this.#deps.metrics.countDenial('failed'),
      )
      .then(() => this.#waiting--)
  }
}
