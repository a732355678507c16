/** The ledgers as the main thread sees them: identity, head, and how far each is indexed. */
import type { CommitReceipts } from './commit-batch.ts'
import { IndexLag } from './index-lag.ts'
import type { LedgerInfo } from './ledger-info.ts'
import type { ClosedStanding } from './ledger-store.ts'
import { successionChain } from './succession-chain.ts'

/** `/checkpoint` advances at most this often, so that witnesses and caches are not chased by every commit. */
const PUBLISH_INTERVAL_MS = 1000

export interface LedgerView {
  info: LedgerInfo
  size: number
  /** The newest signed checkpoint; covers `size`. */
  checkpoint: string
  /** What `/checkpoint` serves. */
  published: string
  publishedAt: number
  /** Entries below this are found by search. */
  indexedSize: number
  /** How late search is. */
  readonly lag: IndexLag
}

type Listener = (ledger: string) => void

export class LedgerTable {
  readonly #views = new Map<string, LedgerView>()
  readonly #now: () => number
  readonly #headListeners = new Set<Listener>()
  readonly #indexListeners = new Set<Listener>()

  constructor(now: () => number) {
    this.#now = now
  }

  add(info: LedgerInfo): LedgerView {
    const { size, checkpoint } = info
    const lag = new IndexLag()
    const nowMs = this.#now()
    if (size > 0) lag.grew(size, nowMs)
    const view: LedgerView = {
      info,
      size,
      checkpoint,
      published: checkpoint,
      publishedAt: nowMs,
      indexedSize: 0,
      lag,
    }
    this.#views.set(info.name, view)
    return view
  }

  get(name: string): LedgerView | undefined {
    return this.#views.get(name)
  }

  all(): readonly LedgerView[] {
    return [...this.#views.values()]
  }

  /** It takes no records from now on; nothing opens it again. */
  end(name: string, state: ClosedStanding): void {
    const view = this.#views.get(name)
    if (view) view.info = { ...view.info, state }
  }

  /** The ledger with those that it has succeeded and that have succeeded it, the oldest first; nothing when there is none of that name. */
  chainOf(name: string): readonly LedgerView[] {
    const closed = this.all().flatMap(({ info }) =>
      info.state.kind === 'closed' ? [[info.name, info.state.successor] as const] : [],
    )
    return successionChain(name, new Map(closed)).flatMap((each) => this.#views.get(each) ?? [])
  }

  /** Those that a ledger has succeeded, the oldest first. */
  predecessorsOf(name: string): readonly LedgerView[] {
    const chain = this.chainOf(name)
    return chain.slice(
      0,
      chain.findIndex(({ info }) => info.name === name),
    )
  }

  /** Where records for `name` go: the ledger itself, or what succeeded it. It may be blocked or deleted, and take none. */
  writable(name: string): LedgerView | undefined {
    let view = this.#views.get(name)
    for (let hops = 0; view?.info.state.kind === 'closed' && hops < this.#views.size; hops++)
      view = this.#views.get(view.info.state.successor)
    return view
  }

  advance({ ledger, size, checkpoint }: Pick<CommitReceipts, 'ledger' | 'size' | 'checkpoint'>): void {
    const view = this.#views.get(ledger)
    if (view === undefined || (size <= view.size && view.checkpoint !== '')) return
    view.size = size
    view.checkpoint = checkpoint
    view.lag.grew(size, this.#now())
    for (const listener of this.#headListeners) listener(ledger)
  }

  indexed(ledger: string, size: number): void {
    const view = this.#views.get(ledger)
    if (!view) return
    view.indexedSize = size
    view.lag.indexed(size)
    for (const listener of this.#indexListeners) listener(ledger)
  }

  /** The checkpoint for the public: the newest one, but the same for a second at a time. */
  published(view: LedgerView): string {
    const now = this.#now()
    if (now - view.publishedAt >= PUBLISH_INTERVAL_MS) {
      view.published = view.checkpoint
      view.publishedAt = now
    }
    return view.published
  }

  /** Calls `listener` when a ledger grows, until the returned function is called. */
  onHead(listener: Listener): () => void {
    this.#headListeners.add(listener)
    return () => this.#headListeners.delete(listener)
  }

  /** True once `size` entries of the ledger are found by search; false when `timeoutMs` passes first. */
  indexReached(ledger: string, size: number, timeoutMs: number): Promise<boolean> {
    const reached = (): boolean => (this.#views.get(ledger)?.indexedSize ?? 0) >= size
    if (reached()) return Promise.resolve(true)
    return new Promise((resolve) => {
      const done = (value: boolean): void => {
        clearTimeout(timer)
        this.#indexListeners.delete(check)
        resolve(value)
      }
      const check: Listener = (changed) => {
        if (changed === ledger && reached()) done(true)
      }
      const timer = setTimeout(() => done(false), timeoutMs)
      this.#indexListeners.add(check)
    })
  }
}
