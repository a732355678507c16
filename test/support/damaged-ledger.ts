/** Ledgers on which something was done behind the server's back, and what `verify` says of them. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { LEDGER_FILE, sha256, verifyEd25519 } from '@trailproof/server/ports'
import { type Report, verifyLedger } from '@trailproof/verify'
import { openDirectory } from '../../packages/cli/src/verify/directory-evidence.ts'
import type { ServerHome } from './server-process.ts'

/** A ledger of its own, the first of its store. */
const LEDGER_ENTRIES_MAX = 2 ** 36

export function copyHome(from: ServerHome, root: string): ServerHome & { readonly root: string } {
  const copy = { ...from, root, data: join(root, 'data'), keys: join(root, 'keys') }
  cpSync(from.data, copy.data, { recursive: true })
  cpSync(from.keys, copy.keys, { recursive: true })
  return copy
}

/** Judges a ledger in its files as `trailproof verify <data> --keys <keys>` does. */
export async function judge(
  { data, keys, masterKey }: ServerHome,
  remembered: readonly string[] = [],
  ledger = 'main',
): Promise<Report> {
  const encryption = masterKey === undefined ? undefined : { masterKey, data, keys }
  await using place = await openDirectory(data, { keys, pinned: [], ledger, encryption })
  const evidence = await place.open(ledger)
  return await verifyLedger(evidence.source, {
    verifierKeys: evidence.verifierKeys,
    remembered: [...evidence.remembered, ...remembered],
    successors: () => place.successorsOf(ledger),
    sha256,
    verifyEd25519,
  })
}

export function changeStore({ data }: ServerHome, change: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(data, LEDGER_FILE))
  try {
    change(db)
  } finally {
    db.close()
  }
}

type Column = 'leaves' | 'salts' | 'content'

/** Changes a column of the row that begins with entry `first`; content is changed as it was before compression. */
export function changeRow(
  db: DatabaseSync,
  first: number,
  column: Column,
  change: (bytes: Buffer) => void,
): void {
  const position = LEDGER_ENTRIES_MAX + first
  const row = db.prepare('SELECT * FROM entry_block WHERE position = ?').get(position)!
  const compressed = column === 'content' && row['compressed'] === 1
  const stored = row[column] as Uint8Array
  const bytes = Buffer.from(compressed ? zstdDecompressSync(stored) : stored)
  change(bytes)
  db.prepare(`UPDATE entry_block SET ${column} = ? WHERE position = ?`).run(
    compressed ? zstdCompressSync(bytes) : bytes,
    position,
  )
}

export function flip(bytes: Buffer, at: number): void {
  bytes[at]! ^= 1
}

/** Exchanges two stretches of the same length. */
export function swap(bytes: Buffer, a: number, b: number, length: number): void {
  const first = Buffer.from(bytes.subarray(a, a + length))
  bytes.copy(bytes, a, b, b + length)
  first.copy(bytes, b)
}

export function positionOfEntry(index: number): number {
  return LEDGER_ENTRIES_MAX + index
}
