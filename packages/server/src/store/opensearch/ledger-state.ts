/**
 * What is known of a ledger's index, in one document of its own. Whoever changes anything replaces it where it is still as
 * they read it, so that of several indexers one goes on and the others notice.
 */
import { randomUUID } from 'node:crypto'
import type { IndexNames, PartName } from './index-names.ts'
import type { OpenSearchClient } from './opensearch-client.ts'

export interface LedgerState {
  /** Searches see entries below it: they were stored and refreshed before it was moved. */
  readonly cursor: number
  /** Grows with each erasure and reset: entries that were read from the ledger before are stale. */
  readonly generation: number
  /** Another one after each reset; part of the names of indices. */
  readonly build: string
  /** Indices of former builds may be left. */
  readonly dropping: boolean
  readonly partEntries: number
  /** Indices there are, from part 0. */
  readonly parts: number
  /** The version of parts that were written anew; the others have the first one. */
  readonly versions: Readonly<Record<string, string>>
  readonly rewrite: Rewrite | null
  /** Parts that may hold what is erased, in documents that were replaced. */
  readonly toRewrite: readonly number[]
  /** How many shapes readers have to know. */
  readonly shapes: number
  /** True of some entry, and then for the whole build: of these, before an entry of it is stored. */
  readonly otherShapes: boolean
  readonly severalStatuses: boolean
  readonly cutActors: boolean
}

/** A part that is being written anew. */
export interface Rewrite {
  readonly part: number
  readonly version: string
  /** What it takes the place of, once it is complete: then nobody writes to that any more. */
  readonly replaces: string | null
}

export interface StoredState extends LedgerState {
  readonly place: { readonly _seq_no: number; readonly _primary_term: number }
}

export const FIRST_VERSION = '0'

/** Nothing indexed yet. Indices that others left are dropped first. */
export function newState(partEntries: number, generation = 0): LedgerState {
  return {
    cursor: 0,
    generation,
    build: newVersion(),
    dropping: true,
    partEntries,
    parts: 0,
    versions: {},
    rewrite: null,
    toRewrite: [],
    shapes: 0,
    otherShapes: false,
    severalStatuses: false,
    cutActors: false,
  }
}

export function newVersion(): string {
  return randomUUID().slice(0, 8)
}

export function partName({ build, versions }: LedgerState, number: number): PartName {
  return { build, number, version: versions[number] ?? FIRST_VERSION }
}

export function partOf({ partEntries }: LedgerState, index: number): number {
  return Math.floor(index / partEntries)
}

export class LedgerStates {
  readonly #client: OpenSearchClient
  readonly #names: IndexNames

  constructor(client: OpenSearchClient, names: IndexNames) {
    this.#client = client
    this.#names = names
  }

  async read(ledger: string): Promise<StoredState | undefined> {
    const { body } = await this.#client.request<
      { found?: boolean; _source?: LedgerState } & StoredState['place']
    >({ method: 'GET', path: this.#path('_doc', ledger), expects: [404], isRepeatable: true })
    if (!body.found) return undefined
    const { _seq_no, _primary_term } = body
    return { ...body._source!, place: { _seq_no, _primary_term } }
  }

  /** Undefined: another one is there already. */
  create(ledger: string, state: LedgerState): Promise<StoredState | undefined> {
    return this.#put(this.#path('_create', ledger), {}, state)
  }

  /**
   * Undefined: it is no longer as it was read. When the answer is lost, whether it was replaced is known by reading it
   * again.
   */
  replace(
    { place, ...was }: StoredState,
    ledger: string,
    changes: Partial<LedgerState>,
  ): Promise<StoredState | undefined> {
    const only = { if_seq_no: place._seq_no, if_primary_term: place._primary_term }
    return this.#put(this.#path('_doc', ledger), only, { ...was, ...changes })
  }

  async #put(
    path: string,
    query: Readonly<Record<string, number>>,
    state: LedgerState,
  ): Promise<StoredState | undefined> {
    const { status, body } = await this.#client.request<StoredState['place']>({
      method: 'PUT',
      path,
      query,
      body: state,
      expects: [409],
      isRepeatable: false,
    })
    if (status === 409) return undefined
    return { ...state, place: { _seq_no: body._seq_no, _primary_term: body._primary_term } }
  }

  #path(action: '_doc' | '_create', ledger: string): string {
    return `/${this.#names.ledgers}/${action}/${encodeURIComponent(`ledger:${ledger}`)}`
  }
}
