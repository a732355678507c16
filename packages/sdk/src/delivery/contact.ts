/** Whether the sink answers: what health and diagnostics tell, for all lanes together. */
import { report } from '../recorder/diagnostics.ts'
import type { Clock } from './clock.ts'

export type ContactState =
  | { readonly kind: 'untried' }
  | { readonly kind: 'good' }
  /** `since` in ms since 1970. */
  | { readonly kind: 'lost'; readonly since: number; readonly attempts: number; readonly error: unknown }

export class Contact {
  state: ContactState = { kind: 'untried' }
  retries = 0
  readonly #sink: string
  readonly #clock: Clock
  readonly #onMade: (() => void)[] = []

  constructor(sink: string, clock: Clock) {
    this.#sink = sink
    this.#clock = clock
  }

  /** Calls whenever the sink answers again. */
  onMade(call: () => void): void {
    this.#onMade.push(call)
  }

  made(): void {
    const before = this.state
    if (before.kind === 'good') return
    this.state = { kind: 'good' }
    if (before.kind === 'untried') return
    report({ kind: 'recovered', sink: this.#sink, attempts: before.attempts })
    for (const call of this.#onMade) call()
  }

  retrying(error: unknown, delayMs: number): void {
    this.retries++
    const attempt = this.failed(error)
    report({ kind: 'retrying', sink: this.#sink, attempt, delayMs, error })
  }

  /** Gives the number of failures in a row. */
  failed(error: unknown): number {
    const { state } = this
    const before = state.kind === 'lost' ? state : { since: this.#clock.now(), attempts: 0 }
    this.state = { kind: 'lost', since: before.since, attempts: before.attempts + 1, error }
    return before.attempts + 1
  }
}
