/** A ledger as it lies in its files, with the lock beside it: evidence that needs no server. */
import { join } from 'node:path'
import {
  encodeUuid,
  LEAF_BYTES,
  leafHash,
  openCheckpoint,
  readCheckpoint,
  type VerifierKey,
} from '@trailproof/core'
import {
  LEDGER_FILE,
  LedgerKeys,
  openContentKeys,
  readLockFile,
  SqliteLedgerReader,
  sha256,
  verifyEd25519,
} from '@trailproof/server/ports'
import {
  openPostgresCheckpointLock,
  openPostgresLedgerReader,
  type PostgresLedgerReader,
} from '@trailproof/server/postgres'
import { type EvidenceSource, type Report, verifyLedger } from '@trailproof/verify'
import type { ServerHome } from './server-process.ts'

type Reader = SqliteLedgerReader | PostgresLedgerReader

export interface StoredLedger extends AsyncDisposable {
  readonly name: string
  readonly size: number
  readonly verifierKey: VerifierKey
  /** Signed notes of the lock that verify, newest first. */
  readonly locked: readonly string[]
  readonly source: EvidenceSource
  readonly reader: Reader
  /** Judges the whole ledger, with the lock and the given checkpoints as what is remembered. */
  verify(remembered?: readonly string[]): Promise<Report>
  /** Id and leaf hash (base64) of every entry, in order. */
  entries(): Promise<readonly { readonly id: string; readonly leafHash: string }[]>
}

/** Signatures are checked once each: hundreds of receipts share one checkpoint. */
export function rememberedSignatures(): typeof verifyEd25519 {
  const known = new Map<string, boolean>()
  return (key, message, signature) => {
    const at = Buffer.concat([signature, key, sha256(message)]).toString('latin1')
    const seen = known.get(at)
    if (seen !== undefined) return seen
    const verifies = verifyEd25519(key, message, signature)
    known.set(at, verifies)
    return verifies
  }
}

export async function openStoredLedger(
  { data, keys, masterKey = '' }: ServerHome,
  name = 'main',
): Promise<StoredLedger> {
  const contentKeys = await openContentKeys({ masterKey, data, keys })
  const reader = SqliteLedgerReader.open(join(data, LEDGER_FILE), contentKeys)
  return storedLedger(reader, { keys, name, notes: readLockFile(join(keys, `${name}.lock`)) })
}

/** A ledger in PostgreSQL, with its lock there as well. */
export async function openLedgerOn(database: string, keys: string, name = 'main'): Promise<StoredLedger> {
  await using lock = await openPostgresCheckpointLock(database, sizeIn)
  const reader = await openPostgresLedgerReader(database)
  const note = await lock.read(name)
  return storedLedger(reader, { keys, name, notes: note === undefined ? [] : [note] })
}

function sizeIn(_ledger: string, note: string): number | undefined {
  const parsed = readCheckpoint(note) // who signed it is judged with the ledger
  return parsed.kind === 'checkpoint' ? parsed.size : undefined
}

async function storedLedger(
  reader: Reader,
  { keys, name, notes }: { readonly keys: string; readonly name: string; readonly notes: readonly string[] },
): Promise<StoredLedger> {
  const { origin, size, checkpoint } = (await reader.ledger(name))!
  const verifierKey = new LedgerKeys(keys).open(name, origin).key
  const sizeOf = (note: string): number | undefined => {
    const opened = openCheckpoint(note, [verifierKey], verifyEd25519)
    return opened.kind === 'checkpoint' ? opened.size : undefined
  }
  const locked = notes
    .filter((note) => sizeOf(note) !== undefined)
    .toSorted((a, b) => sizeOf(b)! - sizeOf(a)!)
  // What is shown is the ledger as stored: the newest checkpoint that speaks of no more than there is.
  const shown = [...locked, checkpoint].find((note) => (sizeOf(note) ?? Infinity) <= size) ?? checkpoint
  const source: EvidenceSource = {
    checkpoint: async () => shown,
    readTile: (level, index, width) => reader.readTile(name, level, index, width),
    readEntries: (from, count) => reader.readEntries(name, from, count),
  }
  return {
    name,
    size,
    verifierKey,
    locked,
    source,
    reader,
    verify: (remembered = []) =>
      verifyLedger(source, {
        verifierKeys: [verifierKey],
        origin,
        remembered: [...locked, ...remembered],
        sha256,
        verifyEd25519,
      }),
    async entries() {
      const entries: { id: string; leafHash: string }[] = []
      while (entries.length < size) {
        const leaves = await reader.readLeaves(name, entries.length, 256)
        if (leaves.length === 0) throw new Error(`${name} has no entry ${entries.length} of ${size}`)
        for (let at = 0; at < leaves.length; at += LEAF_BYTES) {
          const leaf = leaves.subarray(at, at + LEAF_BYTES)
          entries.push({
            id: encodeUuid(leaf.subarray(1, 17)),
            leafHash: Buffer.from(leafHash(sha256, leaf)).toString('base64'),
          })
        }
      }
      return entries
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  }
}
