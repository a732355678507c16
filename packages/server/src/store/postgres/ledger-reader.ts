/** Reads ledgers from PostgreSQL; used alone by threads that only read, and beneath the store. */
import { LEAF_BYTES, leafHash } from '@trailproof/core'
import { type ContentKeys, NO_KEYS } from '../../keyring/content-keys.ts'
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
import { Connections } from './connections.ts'
import { decodePiece, digestIn, type PieceRow } from './piece.ts'
import type { ResolvedPostgresOptions } from './postgres-options.ts'

const HASH_BYTES = 32
const ID_BYTES = 16
/** Ids looked up by one statement. */
const IDS_A_STATEMENT = 1000

export type LedgerRow = {
  id: number
  name: string
  origin: string
  size: number
  root: Buffer
  last_recorded_at: number
  epoch: number
  dedupe_key: Buffer
  id_key: Buffer
  checkpoint: string
  successor: string | null
}

export class PostgresLedgerReader implements LedgerReader, AsyncDisposable {
  protected readonly connections: Connections
  protected readonly contentKeys: ContentKeys
  /** The schema, quoted. */
  protected readonly schema: string
  readonly #ids = new Map<string, number>()

  constructor(options: ResolvedPostgresOptions, contentKeys: ContentKeys = NO_KEYS) {
    this.contentKeys = contentKeys
    this.connections = new Connections(options)
    this.schema = `"${options.schemaPrefix}ledger"`
  }

  async ledgers(): Promise<readonly LedgerState[]> {
    const rows = await this.connections.read<LedgerRow>(`SELECT * FROM ${this.schema}.ledger ORDER BY id`, [])
    return Promise.all(rows.map((row) => this.state(row)))
  }

  async ledger(name: string): Promise<LedgerState | undefined> {
    const row = await this.#row(name)
    return row && this.state(row)
  }

  protected state(row: LedgerRow): Promise<LedgerState> {
    return withOpenedKeys(stateOf(row), this.contentKeys)
  }

  async findRecords(ledger: string, ids: Uint8Array): Promise<readonly (KnownRecord | undefined)[]> {
    const ledgerId = await this.ledgerId(ledger)
    const asked = Array.from({ length: ids.length / ID_BYTES }, (_, i) =>
      Buffer.from(ids.subarray(i * ID_BYTES, (i + 1) * ID_BYTES)).toString('hex'),
    )
    const indexes = new Map<string, number>()
    for (let at = 0; at < asked.length; at += IDS_A_STATEMENT) {
      const rows = await this.connections.read<{ id: string; entry: number }>(
        `SELECT id, entry FROM ${this.schema}.record_id WHERE ledger = $1 AND id = ANY($2::uuid[])`,
        [ledgerId, asked.slice(at, at + IDS_A_STATEMENT)],
      )
      for (const { id, entry } of rows) indexes.set(id.replaceAll('-', ''), entry)
    }
    const digests = await this.#digests(ledgerId, [...indexes.values()])
    return asked.map((id) => {
      const index = indexes.get(id)
      return index === undefined ? undefined : { index, digest: digests.get(index) }
    })
  }

  /** Digests lie with the entries: one range of pieces for each run of blocks that holds some of them. */
  async #digests(ledgerId: number, indexes: number[]): Promise<Map<number, Uint8Array | undefined>> {
    const digests = new Map<number, Uint8Array | undefined>()
    const sorted = indexes.toSorted((a, b) => a - b)
    for (let at = 0; at < sorted.length; ) {
      let end = at + 1
      while (end < sorted.length && sorted[end]! < nextBlock(sorted[end - 1]!) + BLOCK_ENTRIES) end++
      const rows = await this.#pieces<Pick<PieceRow, 'first_index' | 'count' | 'digests'>>(
        'first_index, count, digests',
        ledgerId,
        sorted[at]!,
        sorted[end - 1]! + 1,
      )
      let row = 0
      for (; at < end; at++) {
        const index = sorted[at]!
        while (row < rows.length - 1 && rows[row]!.first_index + rows[row]!.count <= index) row++
        if (rows[row]) digests.set(index, digestIn(rows[row]!, index))
      }
    }
    return digests
  }

  async readEntries(ledger: string, from: number, count: number): Promise<readonly StoredEntry[]> {
    const to = Math.min(from + count, nextBlock(from))
    const rows = await this.pieces(await this.ledgerId(ledger), from, to)
    return this.contentKeys.reading(ledger, (cipher) =>
      rows.flatMap((row) =>
        decodePiece(row, ledger, cipher).slice(Math.max(0, from - row.first_index), to - row.first_index),
      ),
    )
  }

  async readLeaves(ledger: string, from: number, count: number): Promise<Uint8Array> {
    return await this.#leaves(await this.ledgerId(ledger), from, Math.min(from + count, nextBlock(from)))
  }

  async readTile(ledger: string, level: number, index: number, width: number): Promise<Uint8Array> {
    const ledgerId = await this.ledgerId(ledger)
    const hashes =
      level === 0 ? await this.#leafHashes(ledgerId, index) : await this.#tile(ledgerId, level, index)
    if (hashes.length < width * HASH_BYTES)
      throw new TrailproofError(
        'ENTRY_UNKNOWN',
        `tile ${level}/${index} of ${ledger} holds fewer than ${width} hashes`,
      )
    return hashes
  }

  async #tile(ledgerId: number, level: number, number: number): Promise<Uint8Array> {
    const rows = await this.connections.read<{ hashes: Buffer }>(
      `SELECT hashes FROM ${this.schema}.tile_piece WHERE ledger = $1 AND level = $2 AND number = $3
        ORDER BY first_hash`,
      [ledgerId, level, number],
    )
    return Buffer.concat(rows.map(({ hashes }) => hashes))
  }

  async #leafHashes(ledgerId: number, tile: number): Promise<Uint8Array> {
    const leaves = await this.#leaves(ledgerId, tile * BLOCK_ENTRIES, (tile + 1) * BLOCK_ENTRIES)
    const hashes = new Uint8Array((leaves.length / LEAF_BYTES) * HASH_BYTES)
    for (let at = 0, to = 0; at < leaves.length; at += LEAF_BYTES, to += HASH_BYTES)
      hashes.set(leafHash(sha256, leaves.subarray(at, at + LEAF_BYTES)), to)
    return hashes
  }

  async #leaves(ledgerId: number, from: number, to: number): Promise<Uint8Array> {
    const rows = await this.#pieces<Pick<PieceRow, 'first_index' | 'leaves'>>(
      'first_index, leaves',
      ledgerId,
      from,
      to,
    )
    return Buffer.concat(
      rows.map(({ first_index, leaves }) =>
        leaves.subarray(Math.max(0, from - first_index) * LEAF_BYTES, (to - first_index) * LEAF_BYTES),
      ),
    )
  }

  /**
   * Compares the id rows with the leaves. No proof rests on those rows: they say where an id is found, and that it
   * is taken. `first` is the lowest entry whose own row is missing or names another; `count` is of all such rows and
   * of rows without an entry.
   */
  async wrongIds(ledger: string): Promise<{ first: number | undefined; count: number }> {
    const ledgerId = await this.ledgerId(ledger)
    let first: number | undefined
    let count = 0
    let size = 0
    for (;;) {
      const leaves = await this.#leaves(ledgerId, size, nextBlock(size))
      if (leaves.length === 0) break
      const ids = new Uint8Array((leaves.length / LEAF_BYTES) * ID_BYTES)
      for (let at = 0, to = 0; at < leaves.length; at += LEAF_BYTES, to += ID_BYTES)
        ids.set(leaves.subarray(at + 1, at + 1 + ID_BYTES), to)
      for (const known of await this.findRecords(ledger, ids)) {
        if (known?.index !== size) {
          first ??= size
          count++
        }
        size++
      }
    }
    const [row] = await this.connections.read<{ rows: number }>(
      `SELECT count(*) AS rows FROM ${this.schema}.record_id WHERE ledger = $1`,
      [ledgerId],
    )
    return { first, count: Math.max(count, Math.abs(row!.rows - size)) }
  }

  /** The pieces that hold entries from `from` up to `to`. */
  protected async pieces(ledgerId: number, from: number, to: number): Promise<PieceRow[]> {
    return await this.#pieces<PieceRow>('*', ledgerId, from, to)
  }

  async #pieces<Row extends object>(
    columns: string,
    ledgerId: number,
    from: number,
    to: number,
  ): Promise<Row[]> {
    // The bounds on first_index name the partition; no piece goes over the bound of a block.
    return await this.connections.read<Row>(
      `SELECT ${columns} FROM ${this.schema}.entry_piece
        WHERE ledger = $1 AND first_index >= $2 AND first_index < $3 AND first_index + count > $4 ORDER BY first_index`,
      [ledgerId, from - (from % BLOCK_ENTRIES), to, from],
    )
  }

  protected async ledgerId(name: string): Promise<number> {
    const known = this.#ids.get(name)
    if (known !== undefined) return known
    const row = await this.#row(name)
    if (!row) throw new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${name}`)
    this.#ids.set(name, row.id)
    return row.id
  }

  async #row(name: string): Promise<LedgerRow | undefined> {
    const [row] = await this.connections.read<LedgerRow>(
      `SELECT * FROM ${this.schema}.ledger WHERE name = $1`,
      [name],
    )
    return row
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connections[Symbol.asyncDispose]()
  }
}

function stateOf(row: LedgerRow): LedgerState {
  return {
    name: row.name,
    origin: row.origin,
    size: row.size,
    root: plain(row.root),
    lastRecordedAt: row.last_recorded_at,
    epoch: row.epoch,
    dedupeKey: plain(row.dedupe_key),
    idKey: plain(row.id_key),
    checkpoint: row.checkpoint,
    standing: standingOf(row.successor),
  }
}

/** What the port speaks of; a Buffer would compare as something else. */
function plain({ buffer, byteOffset, length }: Buffer): Uint8Array {
  return new Uint8Array(buffer, byteOffset, length)
}

/** The first index after the block that holds `index`. */
export function nextBlock(index: number): number {
  return (Math.floor(index / BLOCK_ENTRIES) + 1) * BLOCK_ENTRIES
}
