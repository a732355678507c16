/**
 * LedgerStore on PostgreSQL: any number of writers, of which the epoch lets one through for each ledger.
 *
 * A commit is two messages to the server. The first moves the heads (compare-and-swap), copies entries, ids and new
 * hashes; nothing of it stays when it fails or the connection is lost. Only the second, COMMIT, can leave us not knowing.
 */
import { emptyRoot } from '@trailproof/core'
import pg from 'pg'
import type { ContentKeys } from '../../keyring/content-keys.ts'
import {
  BLOCK_ENTRIES,
  type ClosedStanding,
  type ErasedRange,
  type LedgerState,
  type LedgerStore,
  type NewLedger,
  type SealedBatch,
} from '../../ledger/ledger-store.ts'
import { sha256 } from '../../process/sha256.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import { closedColumn } from '../closed-column.ts'
import { erasedEntry, isLeft } from '../erased-entry.ts'
import { sealedKeys } from '../sealed-keys.ts'
import { isSealed } from '../sealed-row.ts'
import { commitBy } from './commit-by.ts'
import { rollBack } from './connections.ts'
import { type CopyField, copyOf, IdRows } from './copy-rows.ts'
import { runCopyScript } from './copy-script.ts'
import { type LedgerRow, nextBlock, PostgresLedgerReader } from './ledger-reader.ts'
import { PARTITION_ENTRIES } from './modules.ts'
import { decodePiece, encodePiece, type PieceRow, piecesOf, type Written, withoutDigests } from './piece.ts'
import { HEAD_MOVED_STATE, stateOf as sqlStateOf } from './postgres-fault.ts'
import { type PostgresOptions, type ResolvedPostgresOptions, resolveOptions } from './postgres-options.ts'
import { rewritten } from './rewrite.ts'

const HASH_BYTES = 32

export interface LedgerStoreOptions extends PostgresOptions {
  /** Entries in one partition, a multiple of 256; an erasure writes one anew. Default 262,144. */
  readonly partitionEntries?: number
  /** What content is sealed with. Default: it is stored in clear. */
  readonly contentKeys?: ContentKeys
}

export interface LedgerReaderOptions extends PostgresOptions {
  /** What opens content that was sealed. Default: nothing does. */
  readonly contentKeys?: ContentKeys
}

/** Opens the ledgers for writing; the schema must be there (`trailproof migrate up`). Rejects with STORE_UNAVAILABLE. */
export async function openPostgresLedgerStore(
  options: LedgerStoreOptions | string,
): Promise<PostgresLedgerStore> {
  const { partitionEntries = PARTITION_ENTRIES, contentKeys } =
    typeof options === 'string' ? ({} as Partial<LedgerStoreOptions>) : options
  const store = new PostgresLedgerStore(resolveOptions(options), partitionEntries, contentKeys)
  await assertOpens(store)
  return store
}

/** Opens the ledgers for reading only. */
export async function openPostgresLedgerReader(
  options: LedgerReaderOptions | string,
): Promise<PostgresLedgerReader> {
  const contentKeys = typeof options === 'string' ? undefined : options.contentKeys
  const reader = new PostgresLedgerReader(resolveOptions(options), contentKeys)
  await assertOpens(reader)
  return reader
}

async function assertOpens(reader: PostgresLedgerReader): Promise<void> {
  try {
    await reader.ledgers()
  } catch (cause) {
    await reader[Symbol.asyncDispose]()
    if (sqlStateOf(cause) !== '42P01') throw cause
    throw new TrailproofError('BAD_SETTING', 'the database has no ledgers yet: run trailproof migrate up', {
      cause,
    })
  }
}

export class PostgresLedgerStore extends PostgresLedgerReader implements LedgerStore {
  readonly #options: ResolvedPostgresOptions
  readonly #partitionEntries: number
  /** Where the last partition of each ledger ends, as far as we know. */
  readonly #room = new Map<number, number>()
  readonly #makingRoom = new Map<number, Promise<void>>()

  constructor(options: ResolvedPostgresOptions, partitionEntries: number, contentKeys?: ContentKeys) {
    super(options, contentKeys)
    this.#options = options
    this.#partitionEntries = partitionEntries
  }

  async createLedger(ledger: NewLedger): Promise<void> {
    const { name, origin } = ledger
    await this.contentKeys.prepare(name, async () => false)
    const { dedupeKey, idKey } = sealedKeys(ledger, await this.contentKeys.writing(name))
    await this.connections.transaction('create ledger', async (connection) => {
      const { rows } = await connection.query(
        `INSERT INTO ${this.schema}.ledger (name, origin, size, root, last_recorded_at, epoch, dedupe_key, id_key)
          VALUES ($1, $2, 0, $3, 0, 0, $4, $5) ON CONFLICT (name) DO NOTHING RETURNING id`,
        [name, origin, Buffer.from(emptyRoot(sha256)), Buffer.from(dedupeKey), Buffer.from(idKey)],
      )
      if (!rows[0]) throw new TrailproofError('LEDGER_EXISTS', `there is already a ledger ${name}`)
      await connection.query(`SELECT ${this.schema}.make_room($1, $2, $2)`, [
        rows[0]['id'],
        this.#partitionEntries,
      ])
    })
  }

  async takeOver(ledger: string): Promise<LedgerState> {
    const ledgerId = await this.ledgerId(ledger)
    await this.contentKeys.prepare(ledger, () => this.#isNewestSealed(ledgerId))
    const row = await this.connections.transaction('take over', async (connection) => {
      const { rows } = await connection.query(
        `UPDATE ${this.schema}.ledger SET epoch = epoch + 1 WHERE id = $1 RETURNING *`,
        [ledgerId],
      )
      return rows[0] as LedgerRow
    })
    await this.#makeRoom(ledgerId, row.size + this.#partitionEntries)
    return this.state(row)
  }

  /** Once a ledger has keys, all that is appended is sealed. */
  async #isNewestSealed(ledgerId: number): Promise<boolean> {
    const [row] = await this.connections.read<{ encoding: number }>(
      `SELECT encoding FROM ${this.schema}.entry_piece WHERE ledger = $1 ORDER BY first_index DESC LIMIT 1`,
      [ledgerId],
    )
    return row !== undefined && isSealed(row)
  }

  async append(batches: readonly SealedBatch[]): Promise<void> {
    if (batches.length === 0) return
    const placed: Placed[] = []
    for (const batch of batches) {
      const { ledger } = batch
      const cipher = await this.contentKeys.writing(ledger, batch.after.size)
      placed.push({ ledger, ledgerId: await this.ledgerId(ledger), cipher, batch })
    }
    // Heads are locked in one order by everybody, so that two writers never wait for each other.
    placed.sort((a, b) => a.ledgerId - b.ledgerId)
    for (const { ledgerId, batch } of placed)
      if (batch.head.size > (this.#room.get(ledgerId) ?? 0)) await this.#makeRoom(ledgerId, batch.head.size)

    const { statements, copies } = this.#script(placed)
    await this.connections.use('append', async (client) => {
      await this.#send(client, statements, copies)
      await commitBy(client, 'COMMIT')
    })
    for (const { ledgerId, batch } of placed) this.#makeRoomAhead(ledgerId, batch.head.size)
  }

  async #send(
    client: pg.PoolClient,
    statements: string,
    copies: readonly Iterable<Uint8Array>[],
  ): Promise<void> {
    try {
      await runCopyScript(client, statements, copies, this.#options.statementTimeoutMs + 5000)
    } catch (error) {
      await rollBack(client)
      if (sqlStateOf(error) !== HEAD_MOVED_STATE) throw error
      throw new TrailproofError('HEAD_MOVED', (error as Error).message, { cause: error })
    }
  }

  /** Everything before COMMIT. Values are numbers, hexadecimal bytes, or quoted. */
  #script(placed: readonly Placed[]): {
    statements: string
    copies: readonly Iterable<Uint8Array>[]
  } {
    const ids = new IdRows(placed.reduce((sum, { batch }) => sum + batch.entries.length, 0))
    let statements = 'BEGIN'
    for (const { ledgerId, batch } of placed) {
      const { after, head, entries, checkpoint } = batch
      statements +=
        `;SELECT ${this.schema}.move_head(${ledgerId},${after.size},${after.epoch},${head.size},` +
        `${bytea(head.root)},${head.lastRecordedAt},${pg.escapeLiteral(checkpoint)})`
      for (let i = 0; i < entries.length; i++) ids.add(ledgerId, entries[i]!.id, after.size + i)
    }
    const tiles = [...tilesOfAll(placed)]
    // The ids first: the server is busy with their index while we encode the entries.
    const copies: (readonly [table: string, data: Iterable<Uint8Array>])[] = [['record_id', [ids.end()]]]
    if (tiles.length > 0) copies.push(['tile_piece', copyOf(tiles)])
    copies.push(['entry_piece', copyOf(piecesOfAll(placed))])
    for (const [table] of copies) statements += `;COPY ${this.schema}.${table} FROM STDIN (FORMAT binary)`
    return { statements, copies: copies.map(([, data]) => data) }
  }

  /** The next partition is made when the last one is half full, beside the commits. */
  #makeRoomAhead(ledgerId: number, size: number): void {
    const wanted = size + this.#partitionEntries / 2
    if (wanted <= (this.#room.get(ledgerId) ?? 0) || this.#makingRoom.has(ledgerId)) return
    // Told by the append that will need it, which makes it itself.
    void this.#makeRoom(ledgerId, wanted).catch(() => undefined)
  }

  async #makeRoom(ledgerId: number, upTo: number): Promise<void> {
    const making = this.#makingRoom.get(ledgerId)
    if (making) await making.catch(() => undefined)
    if (upTo <= (this.#room.get(ledgerId) ?? 0)) return
    const work = this.connections
      .transaction('make room', async (connection) => {
        const { rows } = await connection.query(`SELECT ${this.schema}.make_room($1, $2, $3) AS room`, [
          ledgerId,
          upTo,
          this.#partitionEntries,
        ])
        this.#room.set(ledgerId, rows[0]!['room'] as number)
      })
      .finally(() => this.#makingRoom.delete(ledgerId))
    this.#makingRoom.set(ledgerId, work)
    await work
  }

  async keepCheckpoint(ledger: string, checkpoint: string): Promise<void> {
    const ledgerId = await this.ledgerId(ledger)
    await this.connections.change(
      'keep checkpoint',
      `UPDATE ${this.schema}.ledger SET checkpoint = $2 WHERE id = $1`,
      [ledgerId, checkpoint],
    )
  }

  async close(ledger: string, standing: ClosedStanding, after: SealedBatch['after']): Promise<void> {
    const ledgerId = await this.ledgerId(ledger)
    const { rowCount } = await this.connections.change(
      'close',
      `UPDATE ${this.schema}.ledger SET successor = $2
        WHERE id = $1 AND size = $3 AND epoch = $4 AND (successor IS NULL OR successor = $2)`,
      [ledgerId, closedColumn(standing), after.size, after.epoch],
    )
    if (rowCount !== 1)
      throw new TrailproofError('HEAD_MOVED', `ledger ${ledger} is no longer at size ${after.size}`)
  }

  async erase(ledger: string, ranges: readonly ErasedRange[]): Promise<void> {
    const ledgerId = await this.ledgerId(ledger)
    // One transaction a block: an erasure of a million entries must not hold up the ledger in one piece.
    for (const range of ranges)
      for (let from = range.from; from < range.to; from = nextBlock(from)) {
        const to = Math.min(range.to, nextBlock(from))
        const rows = await this.pieces(ledgerId, from, to)
        await this.#eraseIn({ ledger, ledgerId }, rows, { ...range, from, to })
      }
    await this.#scrub(ledgerId, ranges)
  }

  /** What is written anew is sealed, whatever it was. */
  async #eraseIn(
    { ledger, ledgerId }: Pick<Written, 'ledger' | 'ledgerId'>,
    rows: readonly PieceRow[],
    range: ErasedRange,
  ): Promise<void> {
    const isNamed = (index: number): boolean => index >= range.from && index < range.to
    const cipher = await this.contentKeys.writing(ledger)
    const read = await this.contentKeys.reading(ledger, (opening) =>
      rows.map((row) => ({ row, entries: decodePiece(row, ledger, opening) })),
    )
    const erased: unknown[][] = []
    for (const { row, entries } of read) {
      if (!entries.some((entry) => isNamed(entry.index) && isLeft(entry, range))) continue
      const left = entries.map((entry) => (isNamed(entry.index) ? erasedEntry(entry, range) : entry))
      const place = { ledger, firstIndex: row.first_index }
      const { salts, content, encoding } = encodePiece(left, place, cipher)
      erased.push([
        ledgerId,
        row.first_index,
        Buffer.from(salts),
        withoutDigests(row, isNamed),
        encoding,
        Buffer.from(content),
      ])
    }
    if (erased.length === 0) return
    await this.connections.transaction('erase', async (connection) => {
      for (const values of erased)
        await connection.query(`SELECT ${this.schema}.erase_piece($1, $2, $3, $4, $5::smallint, $6)`, values)
    })
  }

  /** Writes the partitions anew: for all ranges asked for, as an earlier attempt may have got no further than erasing. */
  async #scrub(ledgerId: number, ranges: readonly ErasedRange[]): Promise<void> {
    const partitions = await this.connections.read<{ first_index: number }>(
      `SELECT DISTINCT p.first_index FROM ${this.schema}.entry_partition p
        JOIN unnest($2::bigint[], $3::bigint[]) AS r (low, high) ON r.low < p.end_index AND r.high > p.first_index
        WHERE p.ledger = $1 ORDER BY 1`,
      [ledgerId, ranges.map(({ from }) => from), ranges.map(({ to }) => to)],
    )
    for (const { first_index } of partitions)
      if (!(await rewritten(this.connections, `${this.schema}.rewrite_partition`, [ledgerId, first_index])))
        throw new TrailproofError(
          'OVERLOADED',
          'erased, but a long transaction or a standby can still see what was there: run it again',
          { retryable: true },
        )
  }

  async bytes(): Promise<number> {
    const rows = await this.connections.read<{ bytes: number }>(
      `SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint AS bytes FROM pg_class
        WHERE relnamespace = to_regnamespace($1) AND relkind = 'r'`,
      [this.schema],
    )
    return rows[0]!.bytes
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#makingRoom.values())
    await super[Symbol.asyncDispose]()
  }
}

interface Placed extends Written {
  readonly batch: SealedBatch
}

function* piecesOfAll(placed: readonly Placed[]): Generator<readonly CopyField[]> {
  for (const to of placed) yield* piecesOf(to, to.batch.after.size, to.batch.entries)
}

/** Of each tile what this commit adds: the head it follows says how much of it is there. */
function* tilesOfAll(placed: readonly Placed[]): Generator<readonly CopyField[]> {
  for (const { ledgerId, batch } of placed)
    for (const { level, index, hashes } of batch.tiles) {
      const before = Math.floor(batch.after.size / BLOCK_ENTRIES ** level) - index * BLOCK_ENTRIES
      const first = Math.max(0, before)
      const added = hashes.subarray(first * HASH_BYTES)
      if (added.length > 0)
        yield [{ int4: ledgerId }, { int2: level }, { int8: index }, { int2: first }, { bytes: added }]
    }
}

function bytea(bytes: Uint8Array): string {
  return `'\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}'`
}
