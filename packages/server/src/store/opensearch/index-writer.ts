/** Keeps the index of ledgers up to date, in an order in which whatever is cut off is found and done again. */

import { SEVERAL_STATUSES } from '../../search/row-conditions.ts'
import type { IndexedEntry } from '../../search/search-index.ts'
import { OTHER_SHAPE } from '../../search/shape.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import type { Bulk } from './bulk.ts'
import { type EntryDocument, entryDocument, hasCutActor } from './entry-document.ts'
import type { IndexNames } from './index-names.ts'
import {
  type LedgerState,
  type LedgerStates,
  newState,
  partName,
  partOf,
  type StoredState,
} from './ledger-state.ts'
import type { PartIndices } from './part-indices.ts'
import type { PartRewriter } from './part-rewriter.ts'
import type { ShapeLog } from './shape-log.ts'

/** Each but the first follows a change by another indexer. */
const ATTEMPTS = 20

export interface WriterParts {
  readonly states: LedgerStates
  readonly shapes: ShapeLog
  readonly indices: PartIndices
  readonly rewriter: PartRewriter
  readonly bulk: Bulk
  readonly names: IndexNames
  readonly partEntries: number
}

export class IndexWriter {
  readonly #parts: WriterParts
  /** As they were when the cursor was read: entries read since then are as old. */
  readonly #generations = new Map<string, number>()

  constructor(parts: WriterParts) {
    this.#parts = parts
  }

  async cursor(ledger: string): Promise<number> {
    const state = await this.#parts.states.read(ledger)
    this.#generations.set(ledger, state?.generation ?? 0)
    return state?.cursor ?? 0
  }

  /**
   * Documents are the same whoever writes them, and the first to be stored stays. What they need to be understood (parts,
   * shapes, flags) is stored before them, and the cursor is moved after a refresh: a crash anywhere between leaves documents
   * that no search sees, and the step is applied again.
   */
  async apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void> {
    const { rewriter } = this.#parts
    let state = (await rewriter.settled(ledger)) ?? (await this.#create(ledger))
    const seen = this.#generations.get(ledger) ?? state.generation
    if (seen !== state.generation) throw changed(ledger)
    const fresh = entries.filter(({ index }) => index >= state.cursor)
    if (cursor <= state.cursor && fresh.length === 0) return
    const step = await this.#step(ledger, state, fresh)
    state = await this.#makeRoom(ledger, state, step, cursor)
    const toRewrite = await this.#store(ledger, state, step.documents)
    const moved = await this.#change(ledger, state, (now) => ({
      cursor: Math.max(now.cursor, cursor),
      toRewrite: [...new Set([...now.toRewrite, ...toRewrite])],
    }))
    if (moved.toRewrite.length === 0) return
    await rewriter.rewriteReplaced(ledger)
    await this.cursor(ledger)
  }

  async #create(ledger: string): Promise<StoredState> {
    const { states, rewriter, partEntries } = this.#parts
    const created = await states.create(ledger, newState(partEntries))
    return (await rewriter.settled(ledger, created))!
  }

  async #step(ledger: string, { build }: LedgerState, entries: readonly IndexedEntry[]): Promise<Step> {
    const cores = entries.map(({ core }) => core)
    const { numberOf, count } = await this.#parts.shapes.numbered(ledger, build, cores)
    const documents = entries.map((entry) => entryDocument(entry, numberOf(entry.core)))
    return {
      documents,
      shapes: count,
      otherShapes: documents.some(({ shape }) => shape === OTHER_SHAPE),
      severalStatuses: documents.some(({ status }) => status === SEVERAL_STATUSES),
      cutActors: documents.some(hasCutActor),
    }
  }

  /** What has to be known before the first document of a step can be found. Mostly there is nothing new. */
  async #makeRoom(ledger: string, state: StoredState, step: Step, cursor: number): Promise<StoredState> {
    const end = step.documents.reduce((max, { entry }) => Math.max(max, entry + 1), cursor)
    const parts = Math.max(state.parts, Math.ceil(end / state.partEntries))
    for (let number = state.parts; number < parts; number++)
      await this.#parts.indices.create(ledger, partName(state, number))
    const isKnown =
      parts === state.parts &&
      step.shapes <= state.shapes &&
      (['otherShapes', 'severalStatuses', 'cutActors'] as const).every((flag) => state[flag] || !step[flag])
    if (isKnown) return state
    return await this.#change(ledger, state, (now) => ({
      parts: Math.max(now.parts, parts),
      shapes: Math.max(now.shapes, step.shapes),
      otherShapes: now.otherShapes || step.otherShapes,
      severalStatuses: now.severalStatuses || step.severalStatuses,
      cutActors: now.cutActors || step.cutActors,
    }))
  }

  /**
   * Seen by searches once this resolves. Of an entry that was erased in the ledger, a step that was cut off may have left a
   * document from before: it is replaced, and the part answered, as the former one is still in its files.
   */
  async #store(
    ledger: string,
    state: StoredState,
    documents: readonly EntryDocument[],
  ): Promise<readonly number[]> {
    const { bulk, indices, names } = this.#parts
    const byPart = Map.groupBy(documents, ({ entry }) => partOf(state, entry))
    const toRewrite: number[] = []
    for (const [number, some] of byPart) {
      const alias = names.writes(names.part(ledger, partName(state, number)))
      const items = some.map((document) => ({ id: String(document.entry), document }))
      const taken = await bulk.add(alias, items)
      const erased = items.filter(({ id, document }) => document.erased && taken.has(id))
      if (erased.length === 0) continue
      await bulk.replace(alias, erased)
      toRewrite.push(number)
    }
    await indices.refresh(
      ledger,
      [...byPart.keys()].map((number) => partName(state, number)),
    )
    return toRewrite
  }

  async eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    await this.#parts.rewriter.erase(
      ledger,
      entries.filter(({ personal }) => personal !== undefined),
    )
    await this.cursor(ledger)
  }

  async fence(ledger: string): Promise<void> {
    const { states, rewriter } = this.#parts
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const state = (await rewriter.settled(ledger)) ?? (await this.#create(ledger))
      const fenced = await states.replace(state, ledger, { generation: state.generation + 1 })
      if (!fenced) continue
      this.#generations.set(ledger, fenced.generation)
      return
    }
    throw changed(ledger)
  }

  /** Nothing, when nothing is known of the ledger. */
  async reset(ledger: string): Promise<void> {
    const { states, rewriter, partEntries } = this.#parts
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const state = await states.read(ledger)
      if (!state) return
      const empty = await states.replace(state, ledger, newState(partEntries, state.generation + 1))
      if (!empty) continue
      await rewriter.settled(ledger, empty)
      this.#generations.set(ledger, empty.generation)
      return
    }
    throw changed(ledger)
  }

  /** Where another indexer moved the cursor too, its change stays; where it reset or erased, ours is refused. */
  async #change(
    ledger: string,
    from: StoredState,
    changes: (now: LedgerState) => Partial<LedgerState>,
  ): Promise<StoredState> {
    const { states, indices } = this.#parts
    let now: StoredState | undefined = from
    for (let attempt = 1; now && attempt <= ATTEMPTS; attempt++) {
      const replaced = await states.replace(now, ledger, changes(now))
      if (replaced) return replaced
      now = await states.read(ledger)
      if (now?.generation !== from.generation) {
        // Parts that were made here for a former build are nobody's.
        if (now && now.build !== from.build) await indices.dropOtherBuilds(ledger, now)
        break
      }
    }
    throw changed(ledger)
  }
}

interface Step extends Pick<LedgerState, 'shapes' | 'otherShapes' | 'severalStatuses' | 'cutActors'> {
  readonly documents: readonly EntryDocument[]
}

function changed(ledger: string): TrailproofError {
  return new TrailproofError('HEAD_MOVED', `the index of ${ledger} was changed by another indexer`, {
    retryable: true,
  })
}
