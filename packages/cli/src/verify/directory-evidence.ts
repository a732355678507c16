/** Evidence from a data directory, whether a server runs on it or not. Nothing in it is written. */
import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { LEAF_BYTES, openCheckpoint, readCheckpoint, type VerifierKey } from '@trailproof/core'
import {
  type ContentKeys,
  type EncryptionOptions,
  LEDGER_FILE,
  LedgerKeys,
  type LedgerState,
  NO_KEYS,
  openContentKeys,
  readLockFile,
  SqliteLedgerReader,
  TrailproofError,
  verifyEd25519,
} from '@trailproof/server/ports'
import type { EvidenceEntry, EvidenceGroup, EvidenceSource } from '@trailproof/verify'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'
import {
  type EvidencePlace,
  type KeysFrom,
  keysOfLedger,
  type LedgerEvidence,
  newestCheckpoint,
  successorsIn,
} from './ledger-evidence.ts'
import { isKeyMissing, SealedContent, WITHHELD } from './sealed-content.ts'

export interface DirectoryOptions {
  /** Directory of keys and locks; undefined: the one beside the data, if it is of this data. */
  readonly keys: string | undefined
  readonly pinned: readonly VerifierKey[]
  /** One ledger; undefined: all of them. */
  readonly ledger: string | undefined
  /** The master key that opens encrypted content, as for the server; without it such content is withheld. */
  readonly encryption?: EncryptionOptions | undefined
}

export async function openDirectory(directory: string, options: DirectoryOptions): Promise<EvidencePlace> {
  const file = join(directory, LEDGER_FILE)
  if (!existsSync(file))
    throw usageFailure(
      `${directory} is not a data directory: it has no ${LEDGER_FILE}`,
      'name the one given to serve --data',
    )
  const { keys } = options
  if (keys !== undefined && !existsSync(keys)) throw usageFailure(`there is no directory of keys ${keys}`)
  const reader = openReader(file, await contentKeysOf(directory, options))
  const states = await reader.ledgers().catch((cause: unknown) => {
    throw new Failure(EXIT.broken, `${file} is damaged: ${(cause as Error).message}`, { cause })
  })
  const names = states.map(({ name }) => name).filter((name) => name === (options.ledger ?? name))
  if (names.length === 0)
    throw usageFailure(
      options.ledger === undefined
        ? `there are no ledgers in ${directory}`
        : `there is no ledger ${options.ledger} in ${directory}; it has ${states.map(({ name }) => name).join(', ')}`,
    )
  const open = async (name: string): Promise<LedgerEvidence> => {
    const state = (await reader.ledger(name))!
    return ledgerEvidence(state, reader, keysDirectoryOf(directory, state, keys), options.pinned)
  }
  return {
    names,
    open,
    successorsOf: async (name) => {
      const stored = new Map((await reader.ledgers()).map((state) => [state.name, state]))
      const closed = new Map(
        [...stored].map(([each, { standing }]) => [
          each,
          standing.kind === 'closed' ? standing.successor : undefined,
        ]),
      )
      const found = successorsIn(name, closed).flatMap((each) => stored.get(each) ?? [])
      return await Promise.all(found.map(async (state) => asFound(await open(state.name), state)))
    },
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  }
}

/**
 * The directory of keys as said; else `trailproof-keys` beside the data, but only when its lock is of this very
 * ledger: the keys of another installation would cry wolf.
 */
function keysDirectoryOf(
  data: string,
  { name, origin }: LedgerState,
  said: string | undefined,
): string | undefined {
  if (said !== undefined) return said
  const beside = keysBeside(data)
  const lock = join(beside, `${name}.lock`)
  if (!existsSync(lock)) return undefined
  const isOurs = readLockFile(lock).some((note) => note.startsWith(`${origin}\n`))
  return isOurs ? beside : undefined
}

/** Data keys lie with the other keys: as said, else beside the data. */
async function contentKeysOf(
  directory: string,
  { keys, encryption }: DirectoryOptions,
): Promise<ContentKeys> {
  if (encryption === undefined) return NO_KEYS
  try {
    return await openContentKeys({ ...encryption, data: directory, keys: keys ?? keysBeside(directory) })
  } catch (error) {
    if (error instanceof TrailproofError) throw usageFailure(error.message)
    throw error
  }
}

function keysBeside(data: string): string {
  return join(dirname(resolve(data)), 'trailproof-keys')
}

function openReader(file: string, contentKeys: ContentKeys): SqliteLedgerReader {
  try {
    return SqliteLedgerReader.open(file, contentKeys)
  } catch (cause) {
    throw new Failure(EXIT.unproven, `${file} cannot be read: ${(cause as Error).message}`, {
      hint: 'SQLite needs to write beside the file: verify a copy if the directory is read-only',
      cause,
    })
  }
}

function ledgerEvidence(
  state: LedgerState,
  reader: SqliteLedgerReader,
  keys: string | undefined,
  pinned: readonly VerifierKey[],
): LedgerEvidence {
  const { name, origin, size, checkpoint } = state
  const { verifierKeys, keysFrom } = keysFor(name, origin, keys, pinned)
  const locked = keys === undefined ? [] : lockedCheckpoints(join(keys, `${name}.lock`), verifierKeys)
  const known = [...locked, checkpoint].filter((note) => note !== '')
  const newest = newestCheckpoint(known)
  const sealed = new SealedContent(name, reader)
  return {
    name,
    source: { ...directorySource(name, reader, newest, sealed), storedSize: size },
    withheldBecause: () => sealed.reason,
    verifierKeys,
    keysFrom,
    remembered: known.filter((note) => note !== newest),
    storedSize: size,
    hasLock: locked.length > 0,
  }
}

/**
 * A successor that was succeeded itself is judged as far as it was found, which the next one vouches for: what its lock has signed beyond that is
 * what a restore has lost, and may only have been more erasures.
 */
async function asFound(evidence: LedgerEvidence, { size, standing }: LedgerState): Promise<LedgerEvidence> {
  if (standing.kind !== 'closed') return evidence
  const newest = await evidence.source.checkpoint()
  const found = [newest, ...evidence.remembered].filter((note) => {
    const head = readCheckpoint(note)
    return head.kind === 'checkpoint' && head.size <= size
  })
  return { ...evidence, source: { ...evidence.source, checkpoint: async () => newestCheckpoint(found) } }
}

function keysFor(
  name: string,
  origin: string,
  directory: string | undefined,
  pinned: readonly VerifierKey[],
): { verifierKeys: readonly VerifierKey[]; keysFrom: KeysFrom } {
  if (pinned.length > 0) return { verifierKeys: keysOfLedger(pinned, name), keysFrom: 'pinned' }
  if (directory === undefined) return { verifierKeys: [], keysFrom: 'nobody' }
  const keys = new LedgerKeys(directory)
  if (!keys.has(name)) return { verifierKeys: [], keysFrom: 'nobody' }
  return { verifierKeys: [keys.open(name, origin).key], keysFrom: 'key-file' }
}

/**
 * What the lock holds. A slot torn by a crash is not held against anybody while the other one verifies,
 * just as the server reads it; when none does, all of them are shown, for the verdict to say so.
 */
function lockedCheckpoints(path: string, keys: readonly VerifierKey[]): readonly string[] {
  if (!existsSync(path)) return []
  const slots = readLockFile(path)
  const sound = slots.filter((note) => openCheckpoint(note, keys, verifyEd25519).kind === 'checkpoint')
  return sound.length > 0 ? sound : slots
}

function directorySource(
  name: string,
  reader: SqliteLedgerReader,
  checkpoint: string,
  sealed: SealedContent,
): EvidenceSource {
  return {
    checkpoint: async () => {
      if (checkpoint === '') throw new Error('there is none in the data, and no lock was found; name --keys')
      return checkpoint
    },
    readTile: async (level, index, width) => {
      try {
        return await reader.readTile(name, level, index, width)
      } catch (error) {
        if (isGone(error)) return hashesLeft(name, reader, level, index)
        throw error
      }
    },
    readEntries: async (from, count) => {
      try {
        return await reader.readEntries(name, from, count)
      } catch (error) {
        if (isGone(error)) return readOneByOne(name, reader, from, count)
        if (isKeyMissing(error)) return sealed.entries(error, from, count)
        throw error
      }
    },
  }
}

/** What there is of a tile that is too short, so that the first missing hash is named and not the tile. */
async function hashesLeft(
  name: string,
  reader: SqliteLedgerReader,
  level: number,
  index: number,
): Promise<Uint8Array> {
  try {
    return await reader.readTile(name, level, index, 1)
  } catch (error) {
    if (isGone(error)) return NOTHING
    throw error
  }
}

/** Entries of which some cannot be decoded: each of those is shown as what is left of it. */
async function readOneByOne(
  name: string,
  reader: SqliteLedgerReader,
  from: number,
  count: number,
): Promise<readonly EvidenceEntry[]> {
  const entries: EvidenceEntry[] = []
  const end = Math.min(from + count, from + ENTRIES_ONE_BY_ONE)
  for (let index = from; index < end; index++)
    try {
      const [entry] = await reader.readEntries(name, index, 1)
      if (entry === undefined) break
      entries.push(entry)
    } catch (error) {
      if (!isGone(error) && !isKeyMissing(error)) throw error
      const group = isGone(error) ? DAMAGED : WITHHELD
      entries.push({ leaf: await leafAt(name, reader, index), core: group, personal: group })
    }
  return entries
}

const ENTRIES_ONE_BY_ONE = 256
const NOTHING = new Uint8Array(0)
/** Content that is there and cannot be what was committed to. */
const DAMAGED: EvidenceGroup = { kind: 'present', bytes: NOTHING, salt: new Uint8Array(16) }

/** The leaf, or bytes that are none when it is damaged too. */
async function leafAt(name: string, reader: SqliteLedgerReader, index: number): Promise<Uint8Array> {
  try {
    const leaf = await reader.readLeaves(name, index, 1)
    return leaf.length === LEAF_BYTES ? leaf : NOTHING
  } catch (error) {
    if (isGone(error)) return NOTHING
    throw error
  }
}

const SQLITE_CORRUPT = 11
const SQLITE_NOTADB = 26

/** Damage of the data itself, which is evidence; everything else is a failure to read it. */
function isGone(error: unknown): boolean {
  const { code, errcode = 0 } = error as { code?: string; errcode?: number }
  if (code === 'DATA_DAMAGED' || code === 'ENTRY_UNKNOWN') return true
  return (errcode & 0xff) === SQLITE_CORRUPT || errcode === SQLITE_NOTADB
}
