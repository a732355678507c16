/** The indices of a ledger: made, refreshed, swapped and dropped. */

import { TrailproofError } from '../../trailproof-error.ts'
import { type IndexNames, LEDGERS_BODY, PART_MAPPINGS, PART_SETTINGS, type PartName } from './index-names.ts'
import { FIRST_VERSION, type LedgerState, partName } from './ledger-state.ts'
import { type Failure, type OpenSearchClient, refusal } from './opensearch-client.ts'

/** Indices named in one request: their names are part of its path, which has a bound. */
const NAMES_MAX = 20
/** Each but the first follows another indexer that dropped some of the same; once for each of them at most. */
const DROP_ATTEMPTS = NAMES_MAX + 1

interface Shards {
  readonly _shards: { readonly total: number; readonly successful: number; readonly failed: number }
}

export class PartIndices {
  readonly #client: OpenSearchClient
  readonly #names: IndexNames

  constructor(client: OpenSearchClient, names: IndexNames) {
    this.#client = client
    this.#names = names
  }

  /** An index that is searched from its beginning; nothing when it is there already. */
  create(ledger: string, name: PartName): Promise<void> {
    const index = this.#names.part(ledger, name)
    return this.#create(index, [this.#names.writes(index), this.#names.build(ledger, name.build)])
  }

  /** An index that no search sees before it takes the place of another. */
  createApart(ledger: string, name: PartName): Promise<void> {
    const index = this.#names.part(ledger, name)
    return this.#create(index, [this.#names.writes(index)])
  }

  /** The one for what is known of ledgers. */
  createLedgers(): Promise<void> {
    return this.#put(this.#names.ledgers, LEDGERS_BODY)
  }

  #create(index: string, aliases: readonly string[]): Promise<void> {
    return this.#put(index, {
      settings: PART_SETTINGS,
      mappings: PART_MAPPINGS,
      aliases: Object.fromEntries(aliases.map((alias) => [alias, {}])),
    })
  }

  async #put(index: string, body: object): Promise<void> {
    const { status, body: answer } = await this.#client.request<Failure>({
      method: 'PUT',
      path: `/${index}`,
      body,
      expects: [400],
      isRepeatable: true,
    })
    if (status === 400 && !isOfType(answer, 'resource_already_exists_exception'))
      throw refusal(`PUT ${index}`, status, JSON.stringify(answer))
  }

  /** What was stored in these is seen by every search from now on. */
  async refresh(ledger: string, names: readonly PartName[]): Promise<void> {
    for (const indices of inPieces(names.map((name) => this.#names.part(ledger, name)))) {
      const { status, body } = await this.#client.request<Shards & Failure>({
        method: 'POST',
        path: `/${indices.join(',')}/_refresh`,
        expects: [404],
        isRepeatable: true,
      })
      if (status === 404)
        throw new TrailproofError('HEAD_MOVED', `the index of ${ledger} was changed by another indexer`, {
          retryable: true,
        })
      // Copies that are away are read anew when they come back; a primary shard each has to be there.
      const { successful, failed } = body._shards
      if (failed > 0 || successful < indices.length)
        throw new TrailproofError('STORE_UNAVAILABLE', `OpenSearch: ${failed} shards were not refreshed`, {
          retryable: true,
        })
    }
  }

  /** Searches see `next` instead of `former`, all at once, and the files of `former` are deleted. Nothing, when that was done. */
  async swap(ledger: string, former: PartName, next: PartName): Promise<void> {
    const [was, is] = [this.#names.part(ledger, former), this.#names.part(ledger, next)]
    const { status, body } = await this.#client.request<Failure & Acknowledgement>({
      method: 'POST',
      path: '/_aliases',
      body: {
        actions: [
          { add: { index: is, alias: this.#names.build(ledger, next.build) } },
          { remove_index: { index: was } },
        ],
      },
      expects: [404],
      isRepeatable: true,
    })
    if (status !== 404) assertDone(was, body)
    else if (!isOfType(body, 'index_not_found_exception'))
      throw refusal(`POST _aliases`, status, JSON.stringify(body))
  }

  /** Every index of the ledger, of whatever build. */
  async list(ledger: string): Promise<readonly string[]> {
    const { status, body } = await this.#client.request<Readonly<Record<string, object>>>({
      method: 'GET',
      path: `/${encodeURIComponent(this.#names.allOf(ledger))}/_alias`,
      expects: [404],
      isRepeatable: true,
    })
    return status === 404 ? [] : Object.keys(body)
  }

  /** All of the ledger that are of another build. */
  async dropOtherBuilds(ledger: string, { build }: LedgerState): Promise<void> {
    const indices = await this.list(ledger)
    await this.#drop(indices.filter((index) => !this.#names.isOfBuild(ledger, build, index)))
  }

  /**
   * Those among `listed` that were to take the place of a part and do not. The state has to be read after they were
   * listed: an index is named in it before it is made.
   */
  async dropStrays(ledger: string, listed: readonly string[], state: LedgerState): Promise<void> {
    const { parts, rewrite } = state
    const kept = new Set<string>()
    const keep = (name: PartName): unknown => kept.add(this.#names.part(ledger, name))
    for (let number = 0; number < parts; number++) keep(partName(state, number))
    if (rewrite) keep({ ...partName(state, rewrite.part), version: rewrite.version })
    if (rewrite?.replaces) keep({ ...partName(state, rewrite.part), version: rewrite.replaces })
    const isOurs = (index: string): boolean => this.#names.isOfBuild(ledger, state.build, index)
    await this.#drop(listed.filter((index) => isOurs(index) && !kept.has(index) && !isFirst(index)))
  }

  /** One that took no place. */
  dropApart(ledger: string, name: PartName): Promise<void> {
    return this.#drop([this.#names.part(ledger, name)])
  }

  async #drop(indices: readonly string[]): Promise<void> {
    for (const some of inPieces(indices)) await this.#dropTogether(some.join(','))
  }

  /** Where another indexer drops one of them at the same moment none is dropped: asked again, those left are. */
  async #dropTogether(indices: string): Promise<void> {
    for (let attempt = 1; attempt <= DROP_ATTEMPTS; attempt++) {
      const { status, body } = await this.#client.request<Acknowledgement & Failure>({
        method: 'DELETE',
        path: `/${indices}`,
        query: { ignore_unavailable: 'true' },
        expects: [404],
        isRepeatable: true,
      })
      if (status !== 404) return assertDone(indices, body)
      if (!isOfType(body, 'index_not_found_exception'))
        throw refusal(`DELETE ${indices}`, status, JSON.stringify(body))
    }
    throw notDropped(indices)
  }
}

/** The first version of a part is made before the state counts it. */
function isFirst(index: string): boolean {
  return index.endsWith(`.${FIRST_VERSION}`)
}

interface Acknowledgement {
  readonly acknowledged: boolean
}

/** A node that did not answer in time may still have the files. */
function assertDone(index: string, { acknowledged }: Acknowledgement): void {
  if (!acknowledged) throw notDropped(index)
}

function notDropped(index: string): TrailproofError {
  return new TrailproofError('OVERLOADED', `OpenSearch: not every node has dropped ${index} yet: try again`, {
    retryable: true,
  })
}

export function isOfType({ error }: Failure, type: string): boolean {
  return typeof error === 'object' && error.type === type
}

function* inPieces(names: readonly string[]): Generator<readonly string[]> {
  for (let at = 0; at < names.length; at += NAMES_MAX) yield names.slice(at, at + NAMES_MAX)
}
