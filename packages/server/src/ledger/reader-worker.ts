/** The reader's thread: entries, tiles and proofs, away from the thread that takes requests. */
import { parentPort, workerData } from 'node:worker_threads'
import { consistencyProof, inclusionProof, TreeReader } from '@trailproof/core'
import { ByteWriter } from '../export/byte-writer.ts'
import { type ExportBlock, type ExportShape, exporterOf } from '../export/export-block.ts'
import { writeEntry } from '../export/proven-lines.ts'
import { sha256 } from '../process/sha256.ts'
import { serveCalls, Transfer } from '../process/worker-call.ts'
import { openLedgerReader, type Storage } from '../store/storage.ts'
import { followedLedger } from './ledger-info.ts'
import { type ReadEntry, readEntry } from './read-entry.ts'

const storage = workerData as Storage
const ledgers = await openLedgerReader(storage)

const tileOf =
  (ledger: string) =>
  (level: number, number: number, width: number): Promise<Uint8Array> =>
    ledgers.readTile(ledger, level, number, width)

const handlers = {
  /** All of them, without their keys. */
  ledgers: async () => (await ledgers.ledgers()).map(followedLedger),
  /** Index of an id (16 bytes), or undefined. */
  async find(ledger: string, id: Uint8Array): Promise<number | undefined> {
    const [known] = await ledgers.findRecords(ledger, id)
    return known?.index
  },
  /** Entries from `from` on, at most `count`; fewer at the end of the ledger. */
  async entries(ledger: string, from: number, count: number): Promise<ReadEntry[]> {
    const entries: ReadEntry[] = []
    while (entries.length < count) {
      const read = await ledgers.readEntries(ledger, from + entries.length, count - entries.length)
      if (read.length === 0) break
      for (const entry of read) entries.push(readEntry(entry))
    }
    return entries
  },
  /** Entries at the given indexes, in that order; each must exist. */
  async entriesAt(ledger: string, indexes: readonly number[]): Promise<ReadEntry[]> {
    const entries: ReadEntry[] = []
    for (const at of indexes) {
      const [entry] = await ledgers.readEntries(ledger, at, 1)
      if (!entry) throw new Error(`ledger ${ledger} has no entry ${at}`)
      entries.push(readEntry(entry))
    }
    return entries
  },
  leaves: async (ledger: string, from: number, count: number) =>
    Uint8Array.from(await ledgers.readLeaves(ledger, from, count)),
  tile: async (ledger: string, level: number, number: number, width: number) =>
    Uint8Array.from((await ledgers.readTile(ledger, level, number, width)).subarray(0, width * 32)),
  inclusion: (ledger: string, at: number, size: number) => inclusionProof(sha256, at, size, tileOf(ledger)),
  /** Leaves and inclusion paths of several entries, for receipts. */
  async proofs(
    ledger: string,
    indexes: readonly number[],
    size: number,
  ): Promise<{ leaves: Uint8Array[]; paths: Uint8Array[][] }> {
    const tree = new TreeReader(sha256, size, tileOf(ledger))
    const leaves: Uint8Array[] = []
    const paths: Uint8Array[][] = []
    for (const at of indexes) {
      leaves.push(Uint8Array.from(await ledgers.readLeaves(ledger, at, 1)))
      paths.push((await tree.inclusionProof(at)).map((hash) => Uint8Array.from(hash)))
    }
    return { leaves, paths }
  },
  consistency: (ledger: string, first: number, second: number) =>
    consistencyProof(sha256, first, second, tileOf(ledger)),
  /** The entries [from, to), at most up to the end of one block, as a piece of an export. */
  async exportBlock(shape: ExportShape, from: number, to: number): Promise<Transfer<ExportBlock>> {
    const block = exporterOf(shape)(await ledgers.readEntries(shape.ledger, from, to - from))
    return new Transfer(block, [block.bytes.buffer])
  },
  /** One entry as exports write it, and its path in the tree of `size`. */
  async exportEntry(
    ledger: string,
    at: number,
    size: number,
  ): Promise<{ line: Uint8Array; proof: Uint8Array[] }> {
    const [entry] = await ledgers.readEntries(ledger, at, 1)
    const out = new ByteWriter()
    writeEntry(entry!, out)
    return { line: out.take(), proof: await inclusionProof(sha256, at, size, tileOf(ledger)) }
  },
  /** The hashes of the whole subtrees that the leaves [from, to) of a tree consist of. */
  subtreeHashes: (ledger: string, from: number, to: number, size: number) =>
    new TreeReader(sha256, size, tileOf(ledger)).subtreeHashes(from, to),
  async close() {
    await ledgers[Symbol.asyncDispose]()
  },
}

export type ReaderHandlers = typeof handlers

serveCalls(parentPort!, handlers)
