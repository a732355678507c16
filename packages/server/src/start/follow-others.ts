/** What other servers on the same database have changed: heads, new ledgers, keys and people, saved searches, erasures. */
import type { Logger } from 'pino'
import type { Callers } from '../access/callers.ts'
import type { LedgerInfo } from '../ledger/ledger-info.ts'
import { opensIndex } from '../roles.ts'
import type { SavedSearches } from '../search/saved-searches.ts'
import type { Services } from '../services.ts'
import { type Settings, sharesIndex } from '../settings.ts'
import { TrailproofError } from '../trailproof-error.ts'

/** A key that is revoked elsewhere is refused here after so long, and a record that is committed elsewhere is seen. */
const INTERVAL_MS = 500
/** What is asked of a database that does not answer is not waited for any longer at the end. */
const STOP_MS = 5000

export interface FollowDeps extends Pick<Services, 'roles' | 'storedLedgers' | 'ledgers'> {
  readonly settings: Pick<Settings, 'database' | 'intake' | 'search_index'>
  readonly writer: Pick<Services['writer'], 'listedErasures'>
  readonly indexer: Pick<Services['indexer'], 'announce' | 'erasedElsewhere'>
  readonly searcher: Pick<Services['searcher'], 'cursor'>
  readonly callers: Pick<Callers, 'reload'>
  readonly saved: Pick<SavedSearches, 'reload'>
  readonly erasureGate: Pick<Services['erasureGate'], 'following'>
  readonly log: Logger
}

/**
 * Looks again and again until it is disposed of; what cannot be read now is read the next time. Each thing is looked after by itself:
 * an index that is away or silent keeps no revoked key valid.
 */
export function followOthers(deps: FollowDeps): AsyncDisposable {
  const { roles, callers, saved, ledgers, storedLedgers } = deps
  const attempts = new Attempts(deps.log)
  const index = new FollowedIndex(deps)
  const erasures = new SeenErasures(deps)
  let isStopped = false
  /** As they were last read. */
  let stored: readonly LedgerInfo[] = []
  const readHeads = async (): Promise<void> => {
    stored = await storedLedgers()
    for (const info of stored)
      if (ledgers.get(info.name) === undefined) ledgers.add(info)
      else {
        ledgers.advance({ ...info, ledger: info.name })
        if (info.state.kind === 'deleted') ledgers.end(info.name, info.state)
      }
  }
  const ofEach = (what: string, follow: (info: LedgerInfo) => Promise<void>) => async (): Promise<void> => {
    for (const info of stored)
      if (!isStopped) await attempts.make(`${what} of ${info.name}`, () => follow(info))
  }
  const looks = [
    repeatedly(() => attempts.make('callers', () => callers.reload())),
    repeatedly(() => attempts.make('saved searches', () => saved.reload())),
    repeatedly(() => attempts.make('ledgers', readHeads)),
  ]
  if (opensIndex(roles))
    looks.push(
      repeatedly(ofEach('the index', (info) => index.follow(info))),
      repeatedly(ofEach('erasures', (info) => erasures.repeat(info))),
    )
  return {
    async [Symbol.asyncDispose]() {
      isStopped = true
      await within(STOP_MS, Promise.all(looks.map((look) => look.stop())))
    },
  }
}

/** `look` never rejects. */
function repeatedly(look: () => Promise<void>): { stop(): Promise<void> } {
  let isStopped = false
  let timer: NodeJS.Timeout | undefined
  const run = async (): Promise<void> => {
    await look()
    if (isStopped) return
    timer = setTimeout(() => {
      inHand = run()
    }, INTERVAL_MS)
  }
  let inHand = run()
  return {
    stop() {
      isStopped = true
      clearTimeout(timer)
      return inHand
    },
  }
}

async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const over = Promise.withResolvers<void>()
  const timer = setTimeout(over.resolve, ms)
  await Promise.race([work, over.promise])
  clearTimeout(timer)
}

/** What is away for a while is told by readiness; what is damaged stays so, and is told here. */
class Attempts {
  readonly #log: Logger
  readonly #told = new Set<string>()

  constructor(log: Logger) {
    this.#log = log
  }

  async make(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.#told.delete(what)
    } catch (error) {
      const isNews = isDamage(error) && !this.#told.has(what)
      if (isNews) this.#told.add(what)
      this.#log[isNews ? 'error' : 'debug'](
        { err: error },
        `what other servers do could not be read now: ${what}`,
      )
    }
  }
}

function isDamage(error: unknown): boolean {
  return error instanceof TrailproofError && error.code === 'DATA_DAMAGED'
}

class FollowedIndex {
  readonly #deps: FollowDeps
  /** Ledgers that the index was told of here or at the start: from then on, an index of our own is told of every commit. */
  readonly #announced: Set<string>

  constructor(deps: FollowDeps) {
    this.#deps = deps
    this.#announced = new Set(deps.ledgers.all().map(({ info }) => info.name))
  }

  async follow({ name }: LedgerInfo): Promise<void> {
    const { settings, ledgers, indexer, searcher } = this.#deps
    if (this.#announced.has(name) && !sharesIndex(settings)) return
    // Another server may have moved the index on, or begun it anew.
    ledgers.indexed(name, await searcher.cursor(name))
    await indexer.announce(name, ledgers.get(name)!.size)
    this.#announced.add(name)
  }
}

/** Erasures are committed before anything is destroyed, so where neither a ledger nor what succeeded it has grown, there are no new ones. */
class SeenErasures {
  readonly #deps: FollowDeps
  readonly #seen = new Map<string, { size: number; erasures: number }>()

  constructor(deps: FollowDeps) {
    this.#deps = deps
  }

  /**
   * What is erased elsewhere is forgotten by the index here. At the first look that is all that is listed, and for most of it the second
   * time: what was repeated at the start is not known, and what was listed since must not be missed.
   */
  async repeat({ name, size: ownSize, state }: LedgerInfo): Promise<void> {
    const { writer, indexer, erasureGate, ledgers } = this.#deps
    const size = state.kind === 'closed' ? (ledgers.writable(name)?.size ?? ownSize) : ownSize
    const seen = this.#seen.get(name)
    if (seen?.size === size) return
    const listed = await writer.listedErasures(name)
    const fresh = listed.slice(seen?.erasures ?? 0)
    await erasureGate.following(name, listed.length, async () => {
      const ranges = fresh.flatMap((erasure) => erasure.ranges)
      if (ranges.length > 0) await indexer.erasedElsewhere(name, ranges)
    })
    this.#seen.set(name, { size, erasures: listed.length })
  }
}
