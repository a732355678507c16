/** LedgerStore on SQLite: one file, one writer, any number of readers. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { emptyRoot } from '@trailproof/core'
import {
  BLOCK_ENTRIES,
  type IndexRange,
  type LedgerState,
  type LedgerStore,
  type NewLedger,
  type SealedBatch,
  type SealedEntry,
  type StoredEntry,
} from '../../ledger/ledger-store.ts'
import { sha256 } from '../../process/sha256.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import { inTransaction, openDatabase } from './database.ts'
import { type BlockEntry, encodeBlock } from './entry-block.ts'
import { LEDGERS_MAX, positionOf } from './ledger-position.ts'
import { decodeRow, type EntryBlockRow, nextBlock, SqliteLedgerReader } from './ledger-reader.ts'
import { ledger0001 } from './migrations/ledger-0001.ts'

export const ledgerMigrations = [ledger0001]

/** Rows inserted by one statement: the call into SQLite costs more than the row. */
const IDS_A_STATEMENT = 32

export class SqliteLedgerStore extends SqliteLedgerReader implements LedgerStore {
  /** The entries after the last full block of each ledger, so that a block is read back only at start. */
  readonly #tails = new Map<number, BlockEntry[]>()
  readonly #moveHead: StatementSync
  readonly #insertBlock: StatementSync
  readonly #dropPieces: StatementSync
  readonly #insertId: StatementSync
  readonly #insertIds: StatementSync
  readonly #putTile: StatementSync
  readonly #pieces: StatementSync

  constructor(db: DatabaseSync) {
    super(db)
    this.#moveHead = db.prepare(`UPDATE ledger SET size = ?, root = ?, last_recorded_at = ?, checkpoint = ?
      WHERE id = ? AND size = ? AND epoch = ? AND successor IS NULL`)
    this.#insertBlock = db.prepare('INSERT INTO entry_block VALUES (?, ?, ?, ?, ?, ?)')
    this.#dropPieces = db.prepare('DELETE FROM entry_block WHERE position >= ? AND position < ?')
    this.#insertId = db.prepare('INSERT INTO record_id VALUES (?, ?, ?, ?)')
    const rows = Array.from({ length: IDS_A_STATEMENT }, () => '(?, ?, ?, ?)').join(', ')
    this.#insertIds = db.prepare(`INSERT INTO record_id VALUES ${rows}`)
    this.#putTile = db.prepare(`INSERT INTO tile VALUES (?, ?, ?, ?)
      ON CONFLICT (ledger, level, number) DO UPDATE SET hashes = excluded.hashes`)
    this.#pieces = db.prepare(
      'SELECT * FROM entry_block WHERE position >= ? AND position < ? ORDER BY position',
    )
  }

  static create(path: string): SqliteLedgerStore {
    return new SqliteLedgerStore(openDatabase({ path, migrations: ledgerMigrations, durability: 'full' }))
  }

  async createLedger({ name, origin, dedupeKey, idKey }: NewLedger): Promise<void> {
    inTransaction(this.db, () => {
      if (this.db.prepare('SELECT 1 FROM ledger WHERE name = ?').get(name))
        throw new TrailproofError('LEDGER_EXISTS', `there is already a ledger ${name}`)
      const { lastInsertRowid } = this.db
        .prepare(`INSERT INTO ledger (name, origin, size, root, last_recorded_at, epoch, dedupe_key, id_key)
          VALUES (?, ?, 0, ?, 0, 0, ?, ?)`)
        .run(name, origin, emptyRoot(sha256), dedupeKey, idKey)
      if (Number(lastInsertRowid) >= LEDGERS_MAX)
        throw new TrailproofError('BAD_REQUEST', `a store holds at most ${LEDGERS_MAX} ledgers`)
    })
  }

  async takeOver(ledger: string): Promise<LedgerState> {
    this.db.prepare('UPDATE ledger SET epoch = epoch + 1 WHERE id = ?').run(this.ledgerId(ledger))
    return (await this.ledger(ledger))!
  }

  async append(batches: readonly SealedBatch[]): Promise<void> {
    const tails = new Map<number, BlockEntry[]>()
    this.db.exec('BEGIN IMMEDIATE')
    try {
      for (const batch of batches) this.#write(batch, tails)
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK')
      throw error
    }
    try {
      this.db.exec('COMMIT')
    } catch (cause) {
      throw new TrailproofError('OUTCOME_UNKNOWN', `commit failed: ${(cause as Error).message}`, { cause })
    }
    for (const [ledgerId, tail] of tails) this.#tails.set(ledgerId, tail)
  }

  #write(batch: SealedBatch, tails: Map<number, BlockEntry[]>): void {
    const ledgerId = this.ledgerId(batch.ledger)
    const { after, head } = batch
    const moved = this.#moveHead.run(
      head.size,
      head.root,
      head.lastRecordedAt,
      batch.checkpoint,
      ledgerId,
      after.size,
      after.epoch,
    )
    if (moved.changes !== 1)
      throw new TrailproofError('HEAD_MOVED', `ledger ${batch.ledger} is no longer at size ${after.size}`)
    this.#writeIds(ledgerId, after.size, batch.entries)
    tails.set(ledgerId, this.#writeEntries(ledgerId, after.size, batch.entries, tails))
    for (const { level, index, hashes } of batch.tiles) this.#putTile.run(ledgerId, level, index, hashes)
  }

  #writeIds(ledgerId: number, first: number, entries: readonly SealedEntry[]): void {
    let at = 0
    for (; at + IDS_A_STATEMENT <= entries.length; at += IDS_A_STATEMENT) {
      const values: (number | Uint8Array)[] = []
      for (let i = at; i < at + IDS_A_STATEMENT; i++) {
        const { id, digest } = entries[i]!
        values.push(ledgerId, id, first + i, digest)
      }
      this.#insertIds.run(...values)
    }
    for (; at < entries.length; at++) {
      const { id, digest } = entries[at]!
      this.#insertId.run(ledgerId, id, first + at, digest)
    }
  }

  /** Writes full blocks compressed and the rest as a piece; returns the entries after the last full block. */
  #writeEntries(
    ledgerId: number,
    first: number,
    entries: readonly SealedEntry[],
    tails: Map<number, BlockEntry[]>,
  ): BlockEntry[] {
    let tail = tails.get(ledgerId) ?? this.#tails.get(ledgerId) ?? this.#readTail(ledgerId, first)
    let blockStart = first - tail.length
    let written = 0
    while (tail.length + entries.length - written >= BLOCK_ENTRIES) {
      const taken = BLOCK_ENTRIES - tail.length
      const block = [...tail, ...entries.slice(written, written + taken).map(blockEntryOf)]
      if (tail.length > 0) this.#dropPieces.run(positionOf(ledgerId, blockStart), positionOf(ledgerId, first))
      this.#insertRow(positionOf(ledgerId, blockStart), block, true)
      written += taken
      blockStart += BLOCK_ENTRIES
      tail = []
    }
    const rest = entries.slice(written).map(blockEntryOf)
    if (rest.length > 0) this.#insertRow(positionOf(ledgerId, first + written), rest, false)
    return [...tail, ...rest]
  }

  #insertRow(position: number, entries: readonly BlockEntry[], compress: boolean): void {
    const row = encodeBlock(entries, compress)
    this.#insertBlock.run(position, row.count, row.leaves, row.salts, compress ? 1 : 0, row.content)
  }

  #readTail(ledgerId: number, size: number): BlockEntry[] {
    const start = size - (size % BLOCK_ENTRIES)
    return this.#readRows(ledgerId, { from: start, to: size }).flatMap((row) => decodeRow(row))
  }

  #readRows(ledgerId: number, { from, to }: IndexRange): EntryBlockRow[] {
    const start = from - (from % BLOCK_ENTRIES)
    return this.#pieces.all(positionOf(ledgerId, start), positionOf(ledgerId, to)) as EntryBlockRow[]
  }

  async keepCheckpoint(ledger: string, checkpoint: string): Promise<void> {
    this.db.prepare('UPDATE ledger SET checkpoint = ? WHERE id = ?').run(checkpoint, this.ledgerId(ledger))
  }

  async erase(ledger: string, ranges: readonly IndexRange[]): Promise<void> {
    const ledgerId = this.ledgerId(ledger)
    const forgetDigests = this.db.prepare(
      'UPDATE record_id SET digest = NULL WHERE ledger = ? AND id = ? AND digest IS NOT NULL',
    )
    const rewrite = this.db.prepare('UPDATE entry_block SET salts = ?, content = ? WHERE position = ?')
    // One transaction a block: an erasure of a million entries must not hold up the ledger in one piece.
    for (const range of ranges)
      for (let from = range.from; from < range.to; from = nextBlock(from)) {
        const to = Math.min(range.to, nextBlock(from))
        const isToErase = ({ index, personal }: StoredEntry): boolean =>
          index >= from && index < to && personal.kind === 'present'
        for (const row of this.#readRows(ledgerId, { from, to })) {
          const entries = decodeRow(row)
          const doomed = entries.filter(isToErase)
          if (doomed.length === 0) continue
          const left = entries.map((entry) =>
            isToErase(entry) ? { ...entry, personal: { kind: 'erased' } as const } : entry,
          )
          const { salts, content } = encodeBlock(left, row.compressed === 1)
          inTransaction(this.db, () => {
            for (const { leaf } of doomed) forgetDigests.run(ledgerId, leaf.subarray(1, 17))
            rewrite.run(salts, content, row.position)
          })
        }
      }
    this.#tails.delete(ledgerId)
    this.#scrub()
  }

  /** Gives freed pages back and empties the WAL, so that erased bytes are in none of our files. */
  #scrub(): void {
    this.db.exec('PRAGMA incremental_vacuum')
    const [result] = this.db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').all() as { busy: number }[]
    if (result?.busy)
      throw new TrailproofError('OVERLOADED', 'erased, but a long read keeps the WAL alive: run it again', {
        retryable: true,
      })
  }

  async close(ledger: string, successor: string): Promise<void> {
    this.db.prepare('UPDATE ledger SET successor = ? WHERE id = ?').run(successor, this.ledgerId(ledger))
  }

  async bytes(): Promise<number> {
    const [pages] = this.db.prepare('PRAGMA page_count').all() as { page_count: number }[]
    const [size] = this.db.prepare('PRAGMA page_size').all() as { page_size: number }[]
    return pages!.page_count * size!.page_size
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.db.close()
  }
}

function blockEntryOf(entry: SealedEntry): BlockEntry {
  return {
    leaf: entry.leaf,
    core: { kind: 'present', bytes: entry.core, salt: entry.coreSalt },
    personal: { kind: 'present', bytes: entry.personal, salt: entry.personalSalt },
  }
}
