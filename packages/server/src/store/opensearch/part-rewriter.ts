/**
 * Erases: a part is written anew without what is erased, takes the place of the former index in one step, and that one's
 * files are deleted. To replace documents is not enough, for Lucene keeps what was replaced until it merges, and OpenSearch
 * keeps it from merging.
 */
import type { IndexedEntry } from '../../search/search-index.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import type { Bulk } from './bulk.ts'
import { type EntryDocument, erasedDocument } from './entry-document.ts'
import type { IndexNames, PartName } from './index-names.ts'
import { type LedgerStates, newVersion, partName, partOf, type StoredState } from './ledger-state.ts'
import type { OpenSearchClient } from './opensearch-client.ts'
import type { PartIndices } from './part-indices.ts'
import { assertWhole, type SearchAnswer } from './search-answer.ts'

/** Documents read at once at first, for one may have a megabyte, and then as many as have so many terms together. */
const PAGE = 250
const PAGE_MAX = 5000
const TERMS_A_PAGE = 100_000
/** Each but the first follows a change by another indexer. */
const ATTEMPTS = 20

export class PartRewriter {
  readonly #client: OpenSearchClient
  readonly #states: LedgerStates
  readonly #indices: PartIndices
  readonly #bulk: Bulk
  readonly #names: IndexNames

  constructor(
    client: OpenSearchClient,
    states: LedgerStates,
    indices: PartIndices,
    bulk: Bulk,
    names: IndexNames,
  ) {
    this.#client = client
    this.#states = states
    this.#indices = indices
    this.#bulk = bulk
    this.#names = names
  }

  /** The state of a ledger once what was begun and cut off is done. `from`: as it was just stored. */
  async settled(ledger: string, from?: StoredState): Promise<StoredState | undefined> {
    let state = from ?? (await this.#states.read(ledger))
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      if (!state) return undefined
      let done: StoredState | undefined
      if (state.dropping) {
        await this.#indices.dropOtherBuilds(ledger, state)
        done = await this.#states.replace(state, ledger, { dropping: false })
      } else if (state.rewrite && state.rewrite.replaces !== null) {
        const { part, replaces } = state.rewrite
        const former = { ...partName(state, part), version: replaces }
        await this.#indices.swap(ledger, former, partName(state, part))
        done = await this.#states.replace(state, ledger, {
          rewrite: null,
          toRewrite: state.toRewrite.filter((number) => number !== part),
        })
      } else return state
      state = done ?? (await this.#states.read(ledger))
    }
    throw changed(ledger)
  }

  /** Leaves nothing personal of these in any file. Those that are not there or erased already are passed over. */
  async erase(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    const state = await this.settled(ledger)
    if (!state) return
    for (const [part, some] of Map.groupBy(entries, ({ index }) => partOf(state, index))) {
      if (part >= state.parts) continue
      const erased = await this.#erased(ledger, part, some)
      if (erased.size > 0) await this.#rewrite(ledger, part, erased)
    }
    await this.rewriteReplaced(ledger)
  }

  /** Parts in which something erased replaced what was there. */
  async rewriteReplaced(ledger: string): Promise<void> {
    for (;;) {
      const state = await this.settled(ledger)
      const part = state?.toRewrite[0]
      if (part === undefined) return
      await this.#rewrite(ledger, part, new Map())
    }
  }

  /** What the documents that hold something personal are to become. */
  async #erased(
    ledger: string,
    part: number,
    entries: readonly IndexedEntry[],
  ): Promise<ReadonlyMap<number, EntryDocument>> {
    const state = await this.settled(ledger)
    const erased = new Map<number, EntryDocument>()
    if (!state) return erased
    const index = this.#names.part(ledger, partName(state, part))
    for (let at = 0; at < entries.length; at += PAGE) {
      const some = entries.slice(at, at + PAGE)
      const { body } = await this.#client.request<{
        docs: readonly {
          found?: boolean
          _source?: Pick<EntryDocument, 'shape' | 'erased'>
          error?: { reason?: string }
        }[]
      }>({
        method: 'POST',
        path: `/${index}/_mget`,
        query: { _source_includes: 'shape,erased' },
        body: { ids: some.map((entry) => String(entry.index)) },
        isRepeatable: true,
      })
      for (const [i, { _source, error }] of body.docs.entries()) {
        if (error)
          throw new TrailproofError('STORE_UNAVAILABLE', `OpenSearch: ${error.reason ?? 'no document'}`, {
            retryable: true,
          })
        const entry = some[i]!
        if (_source && !_source.erased) erased.set(entry.index, erasedDocument(entry, _source.shape))
      }
    }
    return erased
  }

  async #rewrite(ledger: string, part: number, erased: ReadonlyMap<number, EntryDocument>): Promise<void> {
    let state = await this.#begin(ledger, part)
    const from = partName(state, part)
    const to: PartName = { ...from, version: state.rewrite!.version }
    await this.#indices.createApart(ledger, to)
    const end = (part + 1) * state.partEntries
    for (let copied = part * state.partEntries; ; ) {
      const high = Math.min(end, state.cursor)
      if (copied < high) await this.#copy(ledger, { from, to, low: copied, high }, erased)
      copied = Math.max(copied, high)
      await this.#indices.refresh(ledger, [to])
      // From here on nobody writes to the former index: whoever began to finds the generation changed.
      const done = await this.#states.replace(state, ledger, {
        generation: state.generation + 1,
        versions: { ...state.versions, [part]: to.version },
        rewrite: { part, version: to.version, replaces: from.version },
      })
      if (done) return void (await this.settled(ledger, done))
      // The cursor was moved meanwhile: what is new in the part is copied as well.
      const now = await this.#states.read(ledger)
      if (now?.generation !== state.generation || now.rewrite?.version !== to.version) {
        await this.#indices.dropApart(ledger, to)
        throw changed(ledger)
      }
      state = now
    }
  }

  /** Says which index will be written, so that it is found when this is cut off; drops those of former attempts. */
  async #begin(ledger: string, part: number): Promise<StoredState> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const state = await this.settled(ledger)
      if (!state || part >= state.parts) break
      const rewrite = { part, version: newVersion(), replaces: null }
      const listed = await this.#indices.list(ledger)
      const begun = await this.#states.replace(state, ledger, { rewrite })
      if (!begun) continue
      await this.#indices.dropStrays(ledger, listed, begun)
      return begun
    }
    throw changed(ledger)
  }

  /** Reads on while it stores what it has read. */
  async #copy(
    ledger: string,
    { from, to, low, high }: { from: PartName; to: PartName; low: number; high: number },
    erased: ReadonlyMap<number, EntryDocument>,
  ): Promise<void> {
    const writes = this.#names.writes(this.#names.part(ledger, to))
    let size = PAGE
    let documents = await this.#read(ledger, from, { low, high, size })
    while (documents.length > 0) {
      const isLast = documents.length < size
      const terms = documents.reduce((sum, document) => sum + document.terms.length, 0)
      size = Math.max(PAGE, Math.min(PAGE_MAX, Math.floor((TERMS_A_PAGE * documents.length) / terms)))
      const rest = { low: documents.at(-1)!.entry + 1, high, size }
      const [next] = await Promise.all([
        isLast ? [] : this.#read(ledger, from, rest),
        this.#bulk.add(
          writes,
          documents.map((document) => ({
            id: String(document.entry),
            document: erased.get(document.entry) ?? document,
          })),
        ),
      ])
      documents = next
    }
  }

  async #read(
    ledger: string,
    part: PartName,
    { low, high, size }: { low: number; high: number; size: number },
  ): Promise<readonly EntryDocument[]> {
    const { status, body } = await this.#client.request<SearchAnswer<EntryDocument>>({
      method: 'POST',
      path: `/${this.#names.part(ledger, part)}/_search`,
      body: {
        size,
        track_total_hits: false,
        query: { range: { entry: { gte: low, lt: high } } },
        sort: [{ entry: 'asc' }],
      },
      expects: [404],
      isRepeatable: true,
    })
    if (status === 404) throw changed(ledger)
    assertWhole(body, 1)
    return body.hits.hits.map(({ _source }) => _source!)
  }
}

function changed(ledger: string): TrailproofError {
  return new TrailproofError('HEAD_MOVED', `the index of ${ledger} was changed by another indexer`, {
    retryable: true,
  })
}
