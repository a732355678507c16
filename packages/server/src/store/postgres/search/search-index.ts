/** SearchIndex on PostgreSQL: terms in GIN, a row an entry in partitions of a ledger, counts added up by time. */
import type { IndexRange } from '../../../ledger/ledger-store.ts'
import type { Deadline } from '../../../search/deadline.ts'
import type {
  CandidatePage,
  CandidateRequest,
  IndexedEntry,
  SearchIndex,
  Tally,
  TallyRequest,
} from '../../../search/search-index.ts'
import { SHAPES_MAX } from '../../../search/shape.ts'
import { TrailproofError } from '../../../trailproof-error.ts'
import { Connections } from '../connections.ts'
import { stateOf } from '../postgres-fault.ts'
import { type PostgresOptions, type ResolvedPostgresOptions, resolveOptions } from '../postgres-options.ts'
import { IndexReader } from './index-reader.ts'
import { IndexWriter } from './index-writer.ts'
import { KnownLedgers } from './known-ledgers.ts'
import { FIRST_SLICE } from './pace.ts'
import { TallyReader } from './tally-reader.ts'

/** Entries in one partition: what an erasure writes anew, with its terms. */
const PARTITION_ENTRIES = 2 ** 17

export interface SearchIndexOptions extends PostgresOptions {
  /** Entries in one partition; an erasure writes one anew, and searches of it wait so long. Default 131,072. */
  readonly partitionEntries?: number
  /** Entries that a search reads in order before it looks terms up. Default 2048. */
  readonly firstSliceEntries?: number
  /** Different shapes of a ledger that are told apart. Default 65,536. */
  readonly shapesMax?: number
}

/**
 * Opens the index for indexing and searching, any number of times beside each other; the schema must be there
 * (`trailproof migrate up`). Rejects with STORE_UNAVAILABLE.
 */
export async function openPostgresSearchIndex(
  options: SearchIndexOptions | string,
): Promise<PostgresSearchIndex> {
  const own: Partial<SearchIndexOptions> = typeof options === 'string' ? {} : options
  const index = new PostgresSearchIndex(resolveOptions(options), {
    partitionEntries: own.partitionEntries ?? PARTITION_ENTRIES,
    firstSliceEntries: own.firstSliceEntries ?? FIRST_SLICE,
    shapesMax: own.shapesMax ?? SHAPES_MAX,
  })
  try {
    await index.cursor('')
  } catch (cause) {
    await index[Symbol.asyncDispose]()
    if (stateOf(cause) !== '42P01') throw cause
    throw new TrailproofError(
      'BAD_SETTING',
      'the database has no search index yet: run trailproof migrate up',
      { cause },
    )
  }
  return index
}

export class PostgresSearchIndex implements SearchIndex {
  readonly #connections: Connections
  readonly #schema: string
  readonly #reader: IndexReader
  readonly #tallies: TallyReader
  readonly #writer: IndexWriter

  constructor(
    options: ResolvedPostgresOptions,
    {
      partitionEntries,
      firstSliceEntries,
      shapesMax,
    }: Required<Pick<SearchIndexOptions, 'partitionEntries' | 'firstSliceEntries' | 'shapesMax'>>,
  ) {
    const schema = `"${options.schemaPrefix}index"`
    const connections = new Connections(options)
    const ledgers = new KnownLedgers(connections, schema)
    this.#connections = connections
    this.#schema = schema
    this.#reader = new IndexReader(connections, schema, ledgers, firstSliceEntries)
    this.#tallies = new TallyReader(connections, schema, ledgers)
    this.#writer = new IndexWriter(connections, {
      schema,
      partitionEntries,
      shapesMax,
      statementTimeoutMs: options.statementTimeoutMs,
    })
  }

  cursor(ledger: string): Promise<number> {
    return this.#writer.cursor(ledger)
  }

  /** Rejects with HEAD_MOVED, retryable, when another indexer reset or erased since the cursor was read here. */
  apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): Promise<void> {
    return this.#writer.apply(ledger, entries, cursor)
  }

  /** Rejects with OVERLOADED, retryable, when it is done but somebody can still see what was there: run it again. */
  eraseEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<void> {
    return this.#writer.eraseEntries(ledger, entries)
  }

  /** Rejects with OVERLOADED, retryable, when it is done but somebody can still see what was there: run it again. */
  async forgetEntries(ledger: string, entries: readonly IndexedEntry[]): Promise<boolean> {
    await this.#writer.forgetEntries(ledger, entries)
    return true
  }

  fence(ledger: string): Promise<void> {
    return this.#writer.fence(ledger)
  }

  async personalIn(ledger: string, { from, to }: IndexRange): Promise<readonly number[]> {
    const rows = await this.#connections.read<{ entry: number }>(
      `SELECT e.entry FROM ${this.#schema}.indexed_entry AS e JOIN ${this.#schema}.indexed_ledger AS l ON l.id = e.ledger
        WHERE l.name = $1 AND e.part >= $2 / l.part_entries AND e.part <= ($3 - 1) / l.part_entries
          AND e.entry >= $2 AND e.entry < $3 AND NOT e.erased`,
      [ledger, from, to],
    )
    return rows.map(({ entry }) => entry)
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

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connections[Symbol.asyncDispose]()
  }
}
