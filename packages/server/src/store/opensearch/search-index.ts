/** SearchIndex on OpenSearch: a document an entry in indices of a ledger, which hold nothing of the records themselves. */
import type { IndexRange } from '../../ledger/ledger-store.ts'
import type { Deadline } from '../../search/deadline.ts'
import type {
  CandidatePage,
  CandidateRequest,
  IndexedEntry,
  SearchIndex,
  Tally,
  TallyRequest,
} from '../../search/search-index.ts'
import { Bulk } from './bulk.ts'
import { IndexNames } from './index-names.ts'
import { IndexReader } from './index-reader.ts'
import { IndexWriter } from './index-writer.ts'
import { KnownLedgers } from './known-ledgers.ts'
import { LedgerStates } from './ledger-state.ts'
import { OpenSearchClient } from './opensearch-client.ts'
import {
  type OpenSearchOptions,
  type ResolvedOpenSearchOptions,
  resolveOptions,
} from './opensearch-options.ts'
import { PartIndices } from './part-indices.ts'
import { PartRewriter } from './part-rewriter.ts'
import { personalIn } from './personal-in.ts'
import { ShapeLog } from './shape-log.ts'
import { TallyReader } from './tally-reader.ts'

/**
 * Opens the index for indexing and searching, any number of times beside each other. Rejects with STORE_UNAVAILABLE when no
 * host answers, and with BAD_SETTING.
 */
export async function openOpenSearchIndex(options: OpenSearchOptions): Promise<OpenSearchIndex> {
  const resolved = resolveOptions(options)
  const client = new OpenSearchClient(resolved)
  const index = new OpenSearchIndex(client, resolved)
  await index.prepare()
  return index
}

export class OpenSearchIndex implements SearchIndex {
  readonly #options: ResolvedOpenSearchOptions
  readonly #names: IndexNames
  readonly #indices: PartIndices
  readonly #states: LedgerStates
  readonly #client: OpenSearchClient
  readonly #reader: IndexReader
  readonly #tallies: TallyReader
  readonly #writer: IndexWriter

  constructor(client: OpenSearchClient, options: ResolvedOpenSearchOptions) {
    const names = new IndexNames(options.prefix)
    const states = new LedgerStates(client, names)
    const bulk = new Bulk(client, options.bulkBytesMax)
    const shapes = new ShapeLog(client, bulk, names, options.shapesMax)
    const indices = new PartIndices(client, names)
    const ledgers = new KnownLedgers(client, names, states, shapes)
    const rewriter = new PartRewriter(client, states, indices, bulk, names)
    const { partEntries } = options
    this.#options = options
    this.#client = client
    this.#names = names
    this.#states = states
    this.#indices = indices
    this.#reader = new IndexReader(ledgers)
    this.#tallies = new TallyReader(ledgers)
    this.#writer = new IndexWriter({ states, shapes, indices, rewriter, bulk, names, partEntries })
  }

  /** Makes the index of what is known of ledgers, once, and warns of a cluster that may lose shards. */
  async prepare(): Promise<void> {
    await this.#indices.createLedgers()
    const { body } = await this.#client.request<{ status: string | number }>({
      method: 'GET',
      path: '/_cluster/health',
      expects: [403], // a role without leave to ask
      isRepeatable: true,
    })
    if (body.status === 'red')
      this.#options.onWarning('OpenSearch is red: some shards are away, and searches that need them fail')
  }

  cursor(ledger: string): Promise<number> {
    return this.#writer.cursor(ledger)
  }

  /** Rejects with HEAD_MOVED, retryable, when another indexer reset or erased since the cursor was read here. */
  apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void> {
    return this.#writer.apply(ledger, entries, cursor)
  }

  /** Rejects with HEAD_MOVED, retryable, when another indexer changes the same index meanwhile: run it again. */
  eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    return this.#writer.eraseEntries(ledger, entries)
  }

  /** The totals of a part are made when it is filled: what is dropped of it is not counted anew but by a reset. */
  async forgetEntries(): Promise<boolean> {
    return false
  }

  fence(ledger: string): Promise<void> {
    return this.#writer.fence(ledger)
  }

  personalIn(ledger: string, range: IndexRange): Promise<readonly number[]> {
    return personalIn(this.#client, this.#states, this.#names, ledger, range)
  }

  candidates(request: CandidateRequest, deadline: Deadline): Promise<CandidatePage> {
    return this.#reader.candidates(request, deadline)
  }

  tally(request: TallyRequest, deadline: Deadline): Promise<Tally | undefined> {
    return this.#tallies.tally(request, deadline)
  }

  timeRange(
    ledger: string,
    within?: { fromMs: number; toMs: number },
  ): Promise<{ fromMs: number; toMs: number } | undefined> {
    return this.#reader.timeRange(ledger, within)
  }

  explain(request: Pick<CandidateRequest, 'ledger' | 'filter' | 'nowMs'>): Promise<readonly string[]> {
    return this.#reader.explain(request)
  }

  reset(ledger: string): Promise<void> {
    return this.#writer.reset(ledger)
  }

  /** Connections are the runtime's; they end when they are idle. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
