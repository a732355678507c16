/** Watches who called for what outlives a request: a stream is to end when the key, session or token behind it does. */
import type { AccessRefusal } from './access-refusal.ts'
import type { Caller } from './caller.ts'

/** A caller as the credential shows them. */
export interface IdentifiedCaller extends Caller {
  /** What goes on after the request was allowed ends with the credential. */
  watch(): CallerWatch
}

/** setTimeout takes no longer ones; then the credential is looked at, and waited for again. */
const TIMER_MS_MAX = 2 ** 31 - 1

export interface Watched {
  /** ms since 1970; undefined: never. */
  expiresAt(): number | undefined
  /** Why it is not valid now, or undefined. */
  refusal(): AccessRefusal | undefined
}

export class CallerWatch implements Disposable {
  readonly #watched: Watched
  readonly #now: () => number
  readonly #abort = new AbortController()
  readonly #onDispose: (watch: CallerWatch) => void
  #refusal: AccessRefusal | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(watched: Watched, now: () => number, onDispose: (watch: CallerWatch) => void) {
    this.#watched = watched
    this.#now = now
    this.#onDispose = onDispose
    this.check()
  }

  /** Aborted when the credential is not valid any more. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Why it is not; undefined while it is valid. */
  get refusal(): AccessRefusal | undefined {
    return this.#refusal
  }

  /** To be called when it has changed; at its expiry it calls itself. */
  check(): void {
    clearTimeout(this.#timer)
    const refusal = this.#refusal ?? this.#watched.refusal()
    if (refusal) {
      this.end(refusal)
      return
    }
    const expiresAt = this.#watched.expiresAt()
    if (expiresAt === undefined) return
    const waitMs = Math.min(TIMER_MS_MAX, Math.max(1, expiresAt - this.#now()))
    this.#timer = setTimeout(() => this.check(), waitMs)
    this.#timer.unref()
  }

  /** To be called when what the caller may has changed: the stream was allowed what may not be allowed now. */
  end(refusal: AccessRefusal): void {
    clearTimeout(this.#timer)
    this.#refusal ??= refusal
    this.#abort.abort()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#onDispose(this)
  }
}

/** Those who watch, by what they watch. */
export class Watches {
  readonly #now: () => number
  readonly #byId = new Map<string, Set<CallerWatch>>()

  constructor(now: () => number) {
    this.#now = now
  }

  begin(id: string, watched: Watched): CallerWatch {
    const watches = this.#byId.get(id) ?? new Set()
    const watch = new CallerWatch(watched, this.#now, (ended) => {
      watches.delete(ended)
      if (watches.size === 0 && this.#byId.get(id) === watches) this.#byId.delete(id)
    })
    this.#byId.set(id, watches.add(watch))
    return watch
  }

  /** To be called when `id` has changed. */
  check(id: string): void {
    for (const watch of this.#byId.get(id) ?? []) watch.check()
  }

  /** What `id` was allowed may not be allowed now: whoever watches it asks again. */
  end(id: string, refusal: AccessRefusal): void {
    for (const watch of this.#byId.get(id) ?? []) watch.end(refusal)
  }
}
