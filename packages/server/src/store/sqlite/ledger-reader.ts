/** Reads ledgers from the SQLite file; used alone by read-only threads and beneath the store. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { LEAF_BYTES, leafHash } from '@trailproof/core'
import { type ContentKeys, NO_KEYS } from '../../keyring/content-keys.ts'
import type { LedgerCipher } from '../../keyring/ledger-cipher.ts'
import {
  BLOCK_ENTRIES,
  type KnownRecord,
  type LedgerReader,
  type LedgerState,
  type StoredEntry,
} from '../../ledger/ledger-store.ts'
import { sha256 } from '../../process/sha256.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import { standingOf } from '../closed-column.ts'
import { withOpenedKeys } from '../sealed-keys.ts'
import { entriesOf, type StoredRow } from '../sealed-row.ts'
import { openReadOnly } from './database.ts'
import { indexOf, positionOf } from './ledger-position.ts'

const HASH_BYTES = 32
/** Ids looked up by one statement. */
const IDS_A_STATEMENT = 64

type LedgerRow = {
  id: number
  name: string
  origin: string
  size: number
  root: Uint8Array
  last_recorded_at: number
  epoch: number
  dedupe_key: Uint8Array
  id_key: Uint8Array
  checkpoint: string
  successor: string | null
}

/** `compressed` holds what StoredRow calls encoding: it is older than sealing. */
export type EntryBlockRow = Omit<StoredRow, 'encoding'> & { position: number; compressed: number }

export class SqliteLedgerReader implements LedgerReader, AsyncDisposable {
  protected readonly db: DatabaseSync
  protected readonly contentKeys: ContentKeys
  readonly #ids = new Map<string, number>()
  readonly #ledgers: StatementSync
  readonly #ledger: StatementSync
  readonly #blockAt: StatementSync
  readonly #tile: StatementSync
  readonly #find: StatementSync
  readonly #findMany: StatementSync

  constructor(db: DatabaseSync, contentKeys: ContentKeys = NO_KEYS) {
    this.db = db
    this.contentKeys = contentKeys
    this.#ledgers = db.prepare('SELECT * FROM ledger ORDER BY id')
    this.#ledger = db.prepare('SELECT * FROM ledger WHERE name = ?')
    this.#blockAt = db.prepare('SELECT * FROM entry_block WHERE position <= ? ORDER BY position DESC LIMIT 1')
    this.#tile = db.prepare('SELECT hashes FROM tile WHERE ledger = ? AND level = ? AND number = ?')
    this.#find = db.prepare('SELECT entry, digest FROM record_id WHERE ledger = ? AND id = ?')
    const marks = Array.from({ length: IDS_A_STATEMENT }, () => '?').join(',')
    this.#findMany = db.prepare(
      `SELECT id, entry, digest FROM record_id WHERE ledger = ? AND id IN (${marks})`,
    )
  }

  static open(path: string, contentKeys?: ContentKeys): SqliteLedgerReader {
    return new SqliteLedgerReader(openReadOnly(path), contentKeys)
  }

  async ledgers(): Promise<readonly LedgerState[]> {
    return Promise.all((this.#ledgers.all() as LedgerRow[]).map((row) => this.#state(row)))
  }

  async ledger(name: string): Promise<LedgerState | undefined> {
    const row = this.#ledger.get(name) as LedgerRow | undefined
    return row && this.#state(row)
  }

  #state(row: LedgerRow): Promise<LedgerState> {
    return withOpenedKeys(stateOf(row), this.contentKeys)
  }

  async findRecords(ledger: string, ids: Uint8Array): Promise<readonly (KnownRecord | undefined)[]> {
    const ledgerId = this.ledgerId(ledger)
    const count = ids.length / 16
    const found: (KnownRecord | undefined)[] = Array.from({ length: count })
    let at = 0
    for (; at + IDS_A_STATEMENT <= count; at += IDS_A_STATEMENT) this.#findBlock(ledgerId, ids, at, found)
    for (; at < count; at++) {
      const row = this.#find.get(ledgerId, ids.subarray(at * 16, at * 16 + 16))
      if (row) found[at] = knownOf(row as FoundRow)
    }
    return found
  }

  #findBlock(ledgerId: number, ids: Uint8Array, at: number, found: (KnownRecord | undefined)[]): void {
    const asked = Array.from({ length: IDS_A_STATEMENT }, (_, i) =>
      ids.subarray((at + i) * 16, (at + i + 1) * 16),
    )
    const rows = this.#findMany.all(ledgerId, ...asked) as FoundRow[]
    for (const row of rows) {
      const known = knownOf(row)
      asked.forEach((id, i) => {
        if (Buffer.compare(id, row.id) === 0) found[at + i] = known
      })
    }
  }

  async readEntries(ledger: string, from: number, count: number): Promise<readonly StoredEntry[]> {
    const ledgerId = this.ledgerId(ledger)
    const to = Math.min(from + count, nextBlock(from))
    return this.contentKeys.reading(ledger, (cipher) => {
      const entries: StoredEntry[] = []
      for (let index = from; index < to; ) {
        const row = this.#rowAt(ledgerId, index)
        if (!row) break
        const first = indexOf(row.position)
        entries.push(...decodeRow(row, ledger, cipher).slice(index - first, to - first))
        index = first + row.count
      }
      return entries
    })
  }

  async readTile(ledger: string, level: number, index: number, width: number): Promise<Uint8Array> {
    const ledgerId = this.ledgerId(ledger)
    const hashes = level === 0 ? this.#leafHashes(ledgerId, index) : this.#storedTile(ledgerId, level, index)
    if (hashes.length < width * HASH_BYTES)
      throw new TrailproofError(
        'ENTRY_UNKNOWN',
        `tile ${level}/${index} of ${ledger} holds fewer than ${width} hashes`,
      )
    return hashes
  }

  #storedTile(ledgerId: number, level: number, index: number): Uint8Array {
    const row = this.#tile.get(ledgerId, level, index) as { hashes: Uint8Array } | undefined
    return row?.hashes ?? new Uint8Array(0)
  }

  async readLeaves(ledger: string, from: number, count: number): Promise<Uint8Array> {
    return this.#leaves(this.ledgerId(ledger), from, Math.min(from + count, nextBlock(from)))
  }

  #leafHashes(ledgerId: number, tile: number): Uint8Array {
    const leaves = this.#leaves(ledgerId, tile * BLOCK_ENTRIES, (tile + 1) * BLOCK_ENTRIES)
    const width = leaves.length / LEAF_BYTES
    const hashes = new Uint8Array(width * HASH_BYTES)
    for (let i = 0; i < width; i++)
      hashes.set(leafHash(sha256, leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)), i * HASH_BYTES)
    return hashes
  }

  #leaves(ledgerId: number, from: number, to: number): Uint8Array {
    const parts: Uint8Array[] = []
    for (let index = from; index < to; ) {
      const row = this.#rowAt(ledgerId, index)
      if (!row) break
      const first = indexOf(row.position)
      parts.push(row.leaves.subarray((index - first) * LEAF_BYTES, (to - first) * LEAF_BYTES))
      index = first + row.count
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
  }

  /**
   * Compares the id rows with the leaves. No proof rests on those rows: they say where an id is found, and that it
   * is taken. `first` is the lowest entry whose own row is missing or names another; `count` is of all such rows and
   * of rows without an entry.
   */
  async wrongIds(ledger: string): Promise<{ first: number | undefined; count: number }> {
    const ledgerId = this.ledgerId(ledger)
    let first: number | undefined
    let count = 0
    let size = 0
    for (;;) {
      const leaves = this.#leaves(ledgerId, size, nextBlock(size))
      if (leaves.length === 0) break
      const ids = new Uint8Array((leaves.length / LEAF_BYTES) * 16)
      for (let at = 0, to = 0; at < leaves.length; at += LEAF_BYTES, to += 16)
        ids.set(leaves.subarray(at + 1, at + 17), to)
      for (const known of await this.findRecords(ledger, ids)) {
        if (known?.index !== size) {
          first ??= size
          count++
        }
        size++
      }
    }
    const rows = this.db.prepare('SELECT count(*) AS rows FROM record_id WHERE ledger = ?').get(ledgerId)!
    return { first, count: Math.max(count, Math.abs((rows['rows'] as number) - size)) }
  }

  /** The row that holds `index`, if it is there. */
  #rowAt(ledgerId: number, index: number): EntryBlockRow | undefined {
    const position = positionOf(ledgerId, index)
    const row = this.#blockAt.get(position) as EntryBlockRow | undefined
    return row && position < row.position + row.count ? row : undefined
  }

  protected ledgerId(name: string): number {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const row = this.#ledger.get(name) as LedgerRow | undefined
    if (!row) throw new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${name}`)
    this.#ids.set(name, row.id)
    return row.id
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.db.close()
  }
}

type FoundRow = { id: Uint8Array; entry: number; digest: Uint8Array | null }

function knownOf(row: FoundRow): KnownRecord {
  return { index: row.entry, digest: row.digest ?? undefined }
}

function stateOf(row: LedgerRow): LedgerState {
  return {
    name: row.name,
    origin: row.origin,
    size: row.size,
    root: row.root,
    lastRecordedAt: row.last_recorded_at,
    epoch: row.epoch,
    dedupeKey: row.dedupe_key,
    idKey: row.id_key,
    checkpoint: row.checkpoint,
    standing: standingOf(row.successor),
  }
}

/** The first index after the block that holds `index`. */
export function nextBlock(index: number): number {
  return (Math.floor(index / BLOCK_ENTRIES) + 1) * BLOCK_ENTRIES
}

export function decodeRow(
  row: EntryBlockRow,
  ledger: string,
  cipher: LedgerCipher | undefined,
): StoredEntry[] {
  const { compressed: encoding, ...columns } = row
  return entriesOf({ ...columns, encoding }, { ledger, firstIndex: indexOf(row.position) }, cipher)
}
