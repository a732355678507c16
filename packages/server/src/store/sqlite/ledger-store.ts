/** LedgerStore on SQLite: one file, one writer, any number of readers. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { emptyRoot } from '@trailproof/core'
import type { ContentKeys } from '../../keyring/content-keys.ts'
import type { LedgerCipher } from '../../keyring/ledger-cipher.ts'
import {
  BLOCK_ENTRIES,
  type ClosedStanding,
  type ErasedRange,
  type IndexRange,
  type LedgerState,
  type LedgerStore,
  type NewLedger,
  type SealedBatch,
  type SealedEntry,
} from '../../ledger/ledger-store.ts'
import { sha256 } from '../../process/sha256.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import { closedColumn } from '../closed-column.ts'
import { type BlockEntry, encodeBlock } from '../entry-block.ts'
import { erasedEntry, isLeft } from '../erased-entry.ts'
import { sealedKeys } from '../sealed-keys.ts'
import { isCompressed, isSealed, rowOf } from '../sealed-row.ts'
import { inTransaction, openDatabase } from './database.ts'
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
  readonly #forgetDigest: StatementSync
  readonly #rewrite: StatementSync

  constructor(db: DatabaseSync, contentKeys?: ContentKeys) {
    super(db, contentKeys)
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
    this.#forgetDigest = db.prepare(
      'UPDATE record_id SET digest = NULL WHERE ledger = ? AND id = ? AND digest IS NOT NULL',
    )
    this.#rewrite = db.prepare(
      'UPDATE entry_block SET salts = ?, compressed = ?, content = ? WHERE position = ?',
    )
  }

  static create(path: string, contentKeys?: ContentKeys): SqliteLedgerStore {
    const db = openDatabase({ path, migrations: ledgerMigrations, durability: 'full' })
    return new SqliteLedgerStore(db, contentKeys)
  }

  async createLedger(ledger: NewLedger): Promise<void> {
    const { name, origin } = ledger
    await this.contentKeys.prepare(name, async () => false)
    const { dedupeKey, idKey } = sealedKeys(ledger, await this.contentKeys.writing(name))
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
    const ledgerId = this.ledgerId(ledger)
    await this.contentKeys.prepare(ledger, async () => this.#isNewestSealed(ledgerId))
    this.db.prepare('UPDATE ledger SET epoch = epoch + 1 WHERE id = ?').run(ledgerId)
    return (await this.ledger(ledger))!
  }

  /** Once a ledger has keys, all that is appended is sealed. */
  #isNewestSealed(ledgerId: number): boolean {
    const row = this.db
      .prepare(
        'SELECT compressed FROM entry_block WHERE position >= ? AND position < ? ORDER BY position DESC',
      )
      .get(positionOf(ledgerId, 0), positionOf(ledgerId + 1, 0)) as { compressed: number } | undefined
    return row !== undefined && isSealed({ encoding: row.compressed })
  }

  async append(batches: readonly SealedBatch[]): Promise<void> {
    const tails = new Map<number, BlockEntry[]>()
    const writes: (readonly [SealedBatch, LedgerCipher | undefined])[] = []
    for (const batch of batches)
      writes.push([batch, await this.contentKeys.writing(batch.ledger, batch.after.size)])
    this.db.exec('BEGIN IMMEDIATE')
    try {
      for (const [batch, cipher] of writes) this.#write(batch, cipher, tails)
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

  #write(batch: SealedBatch, cipher: LedgerCipher | undefined, tails: Map<number, BlockEntry[]>): void {
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
    const to = { ledger: batch.ledger, ledgerId, cipher }
    tails.set(ledgerId, this.#writeEntries(to, after.size, batch.entries, tails))
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
    to: Written,
    first: number,
    entries: readonly SealedEntry[],
    tails: Map<number, BlockEntry[]>,
  ): BlockEntry[] {
    const { ledgerId } = to
    let tail = tails.get(ledgerId) ?? this.#tails.get(ledgerId) ?? this.#readTail(to, first)
    let blockStart = first - tail.length
    let written = 0
    while (tail.length + entries.length - written >= BLOCK_ENTRIES) {
      const taken = BLOCK_ENTRIES - tail.length
      const block = [...tail, ...entries.slice(written, written + taken).map(blockEntryOf)]
      if (tail.length > 0) this.#dropPieces.run(positionOf(ledgerId, blockStart), positionOf(ledgerId, first))
      this.#insertRow(to, blockStart, block, true)
      written += taken
      blockStart += BLOCK_ENTRIES
      tail = []
    }
    const rest = entries.slice(written).map(blockEntryOf)
    if (rest.length > 0) this.#insertRow(to, first + written, rest, false)
    return [...tail, ...rest]
  }

  #insertRow(to: Written, firstIndex: number, entries: readonly BlockEntry[], compress: boolean): void {
    const { ledger, ledgerId, cipher } = to
    const row = rowOf(encodeBlock(entries, compress), { ledger, firstIndex }, cipher)
    const position = positionOf(ledgerId, firstIndex)
    this.#insertBlock.run(position, row.count, row.leaves, row.salts, row.encoding, row.content)
  }

  #readTail({ ledger, ledgerId, cipher }: Written, size: number): BlockEntry[] {
    const start = size - (size % BLOCK_ENTRIES)
    return this.#readRows(ledgerId, { from: start, to: size }).flatMap((row) =>
      decodeRow(row, ledger, cipher),
    )
  }

  #readRows(ledgerId: number, { from, to }: IndexRange): EntryBlockRow[] {
    const start = from - (from % BLOCK_ENTRIES)
    return this.#pieces.all(positionOf(ledgerId, start), positionOf(ledgerId, to)) as EntryBlockRow[]
  }

  async keepCheckpoint(ledger: string, checkpoint: string): Promise<void> {
    this.db.prepare('UPDATE ledger SET checkpoint = ? WHERE id = ?').run(checkpoint, this.ledgerId(ledger))
  }

  async erase(ledger: string, ranges: readonly ErasedRange[]): Promise<void> {
    // One transaction a block: an erasure of a million entries must not hold up the ledger in one piece.
    for (const range of ranges)
      for (let from = range.from; from < range.to; from = nextBlock(from)) {
        const to = Math.min(range.to, nextBlock(from))
        const sealing = await this.contentKeys.writing(ledger)
        await this.contentKeys.reading(ledger, (opening) =>
          this.#eraseIn(ledger, { ...range, from, to }, opening, sealing),
        )
      }
    this.#tails.delete(this.ledgerId(ledger))
    this.#scrub()
  }

  /** Within one block; what is written anew is sealed, whatever it was. */
  #eraseIn(
    ledger: string,
    range: ErasedRange,
    opening: LedgerCipher | undefined,
    sealing: LedgerCipher | undefined,
  ): void {
    const ledgerId = this.ledgerId(ledger)
    const isNamed = (index: number): boolean => index >= range.from && index < range.to
    for (const row of this.#readRows(ledgerId, range)) {
      const entries = decodeRow(row, ledger, opening)
      const doomed = entries.filter((entry) => isNamed(entry.index) && isLeft(entry, range))
      if (doomed.length === 0) continue
      const left = entries.map((entry) => (isNamed(entry.index) ? erasedEntry(entry, range) : entry))
      const block = encodeBlock(left, isCompressed({ encoding: row.compressed }))
      const { salts, encoding, content } = rowOf(block, { ledger, firstIndex: entries[0]!.index }, sealing)
      inTransaction(this.db, () => {
        for (const { leaf } of doomed) this.#forgetDigest.run(ledgerId, leaf.subarray(1, 17))
        this.#rewrite.run(salts, encoding, content, row.position)
      })
    }
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

  async close(ledger: string, standing: ClosedStanding, after: SealedBatch['after']): Promise<void> {
    const column = closedColumn(standing)
    const { changes } = this.db
      .prepare(`UPDATE ledger SET successor = ?
        WHERE id = ? AND size = ? AND epoch = ? AND (successor IS NULL OR successor = ?)`)
      .run(column, this.ledgerId(ledger), after.size, after.epoch, column)
    if (changes !== 1)
      throw new TrailproofError('HEAD_MOVED', `ledger ${ledger} is no longer at size ${after.size}`)
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

/** Where entries go, and what seals them there. */
interface Written {
  readonly ledger: string
  readonly ledgerId: number
  readonly cipher: LedgerCipher | undefined
}

function blockEntryOf(entry: SealedEntry): BlockEntry {
  return {
    leaf: entry.leaf,
    core: { kind: 'present', bytes: entry.core, salt: entry.coreSalt },
    personal: { kind: 'present', bytes: entry.personal, salt: entry.personalSalt },
  }
}
