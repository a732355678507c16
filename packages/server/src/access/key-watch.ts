/** Watches one key for what outlives a request: a stream is to end when its key is revoked or expires. */
import type { AccessRefusal } from './access-refusal.ts'

/** setTimeout takes no longer ones; then the key is looked at, and waited for again. */
const TIMER_MS_MAX = 2 ** 31 - 1

export interface WatchedKey {
  /** ms since 1970. */
  readonly expiresAt: number | undefined
  /** Why it is not valid now, or undefined. */
  refusal(): AccessRefusal | undefined
}

export class KeyWatch implements Disposable {
  readonly #key: WatchedKey
  readonly #now: () => number
  readonly #abort = new AbortController()
  readonly #onDispose: (watch: KeyWatch) => void
  #refusal: AccessRefusal | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(key: WatchedKey, now: () => number, onDispose: (watch: KeyWatch) => void) {
    this.#key = key
    this.#now = now
    this.#onDispose = onDispose
    this.check()
  }

  /** Aborted when the key is not valid any more. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Why it is not; undefined while it is valid. */
  get refusal(): AccessRefusal | undefined {
    return this.#refusal
  }

  /** To be called when the key has changed; at its expiry it calls itself. */
  check(): void {
    clearTimeout(this.#timer)
    this.#refusal ??= this.#key.refusal()
    if (this.#refusal) {
      this.#abort.abort()
      return
    }
    const { expiresAt } = this.#key
    if (expiresAt === undefined) return
    const waitMs = Math.min(TIMER_MS_MAX, Math.max(1, expiresAt - this.#now()))
    this.#timer = setTimeout(() => this.check(), waitMs)
    this.#timer.unref()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#onDispose(this)
  }
}
