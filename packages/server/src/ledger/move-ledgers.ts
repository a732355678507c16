/** The way from one machine to PostgreSQL: everything that SQLite's files hold, with the same origins, so that old receipts still verify. */
import { randomUUID } from 'node:crypto'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Directory } from '../directory/directory.ts'
import type { EncryptionOptions } from '../keyring/open-content-keys.ts'
import { takeExclusiveUse } from '../process/exclusive-use.ts'
import { DIRECTORY_FILE, LEDGER_FILE } from '../store/sqlite/files.ts'
import { SqliteLedgerStore } from '../store/sqlite/ledger-store.ts'
import { openCheckpointLock, openDirectory, openLedgerStore, type Storage } from '../store/storage.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { CheckpointLock } from './checkpoint-lock.ts'
import { type CopyLedgerOptions, copyLedger } from './copy-ledger.ts'
import { FileCheckpointLock, syncDirectory } from './file-checkpoint-lock.ts'
import { checkpointSizes } from './ledger-checkpoint.ts'
import { LedgerKeys } from './ledger-keys.ts'
import type { LedgerState, LedgerStore } from './ledger-store.ts'
import { beginMove, endMove } from './move-marker.ts'
import { assertNotBehindLock } from './open-ledgers.ts'

/** What is set aside ends in it. */
const MOVED = '.moved'
/** After a move that was killed, the next one is refused for so long. */
const LEASE_MS = 10_000

export interface MoveOptions {
  /** Directory of SQLite's files; afterwards `ledger.db` and `directory.db` end in `.moved`. */
  readonly data: string
  /** Directory of keys and locks; keys stay where they are. */
  readonly keys: string
  /** URL of the PostgreSQL that is to keep ledgers and directory. */
  readonly database: string
  /** URL of the PostgreSQL that is to keep the locks; '': they stay files. */
  readonly lockDatabase: string
  /** As for the server; default: content is in clear. */
  readonly encryption?: EncryptionOptions
  readonly onProgress?: CopyLedgerOptions['onProgress']
}

export interface MovedLedger {
  readonly name: string
  readonly origin: string
  readonly size: number
  /** RFC 6962, 32 bytes. */
  readonly root: Uint8Array
}

/**
 * Moves all ledgers, API keys, quarantined records and saved searches; the server must be stopped, and none starts until it is done. Cut
 * short, it goes on where it was when it is run again: until everything is there and was read back, the files stay as they were.
 * Where everything but the locks was moved before, moves those. Rejects with LOCK_HELD while a server uses them,
 * DATA_BEHIND_LOCK or DATA_DAMAGED for a ledger that is not sound, LEDGER_EXISTS where the database has other ledgers
 * of these names, BAD_REQUEST when there is nothing to move.
 */
export async function moveLedgers(options: MoveOptions): Promise<readonly MovedLedger[]> {
  const { data, keys, database, lockDatabase } = options
  const isThere = existsSync(join(data, LEDGER_FILE))
  const areLocksLeft =
    lockDatabase !== '' && existsSync(join(data, `${LEDGER_FILE}${MOVED}`)) && hasLocks(keys)
  if (!isThere && !areLocksLeft)
    throw new TrailproofError('BAD_REQUEST', `${join(data, LEDGER_FILE)} is not there: nothing to move`)
  using _data = takeExclusiveUse(data)
  using _keys = keys === data ? undefined : takeExclusiveUse(keys)
  await using target = await openLedgerStore({ data, database, ...withEncryption(options) })
  await using _writer = await soleWriter({ data, database })
  if (isThere) await assertAllSound(options)
  beginMove(keys, database)
  if (isThere) await copyAll(options, target)
  const moved = await target.ledgers()
  if (lockDatabase !== '') await moveLocks(options, moved)
  leaveBehind(data, [LEDGER_FILE, DIRECTORY_FILE])
  if (lockDatabase !== '')
    leaveBehind(
      keys,
      moved.map(({ name }) => `${name}.lock`),
    )
  endMove(keys)
  return moved.map(({ name, origin, size, root }) => ({ name, origin, size, root }))
}

function hasLocks(keys: string): boolean {
  return readdirSync(keys).some((name) => name.endsWith('.lock'))
}

/** No server writes to the database meanwhile; without a broker, they share this lease. */
async function soleWriter(storage: Storage): Promise<AsyncDisposable> {
  const directory = await openDirectory(storage)
  const holder = randomUUID()
  const lease = await directory.acquireLease('sequencer', holder, LEASE_MS, Date.now())
  if (lease === undefined) {
    await directory[Symbol.asyncDispose]()
    throw new TrailproofError('LOCK_HELD', 'a server writes to that database: stop it first')
  }
  const { epoch } = lease
  // Where it cannot be renewed, the writes of the move fail, too.
  const renew = () => directory.renewLease('sequencer', holder, epoch, LEASE_MS, Date.now())
  const timer = setInterval(() => void renew().catch(() => undefined), LEASE_MS / 4)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await directory.releaseLease('sequencer', holder, epoch)
      await directory[Symbol.asyncDispose]()
    },
  }
}

async function assertAllSound({ data, keys: directory }: MoveOptions): Promise<void> {
  await using store = SqliteLedgerStore.create(join(data, LEDGER_FILE))
  const keys = new LedgerKeys(directory)
  await using lock = new FileCheckpointLock(directory, checkpointSizes(keys))
  for (const state of await store.ledgers()) await assertSound(state, { store, lock, keys })
}

async function copyAll(options: MoveOptions, target: LedgerStore): Promise<void> {
  const { data, database, onProgress } = options
  await using source = await openLedgerStore({ data, ...withEncryption(options) })
  const ledgers = await source.ledgers()
  for (const { name } of ledgers)
    await copyLedger(name, { source, target, ...(onProgress && { onProgress }) })
  for (const { name, standing } of ledgers)
    if (standing.kind !== 'open') await target.close(name, standing, (await target.ledger(name))!)
  await moveDirectory(data, database, ledgers)
}

function withEncryption({ encryption }: MoveOptions): Pick<Storage, 'encryption'> {
  return encryption === undefined ? {} : { encryption }
}

async function moveLocks(
  { keys: directory, lockDatabase }: MoveOptions,
  ledgers: readonly LedgerState[],
): Promise<void> {
  const keys = new LedgerKeys(directory)
  await using lock = new FileCheckpointLock(directory, checkpointSizes(keys))
  await using target = await openCheckpointLock({ keys: directory, lockDatabase }, checkpointSizes(keys))
  for (const { name } of ledgers) {
    const locked = await lock.read(name)
    if (locked !== undefined) await target.advance(name, locked)
  }
}

/** One that was closed because it is behind its lock stays so. */
async function assertSound(
  state: LedgerState,
  deps: { readonly store: LedgerStore; readonly lock: CheckpointLock; readonly keys: LedgerKeys },
): Promise<void> {
  if (state.standing.kind !== 'open') return
  await assertNotBehindLock(state, deps.keys.open(state.name, state.origin), deps)
}

/** Records read at once from quarantine, each of up to 1 MiB. */
const QUARANTINE_PAGE = 100

async function moveDirectory(data: string, database: string, ledgers: readonly LedgerState[]): Promise<void> {
  if (!existsSync(join(data, DIRECTORY_FILE))) return
  await using source = await openDirectory({ data })
  await using target = await openDirectory({ data, database })
  const there = new Map((await target.keys()).map((key) => [key.prefix, key]))
  for (const key of await source.keys()) {
    const same = there.get(key.prefix)
    if (same === undefined) await target.addKey(key)
    else if (same.hash === key.hash && key.revokedAt !== undefined)
      await target.revokeKey(key.prefix, key.revokedAt)
    else if (same.hash !== key.hash)
      throw new TrailproofError('BAD_REQUEST', `the database has another API key ${key.prefix} already`)
  }
  for (const role of await source.roles()) await target.putRole(role)
  for (const search of await source.savedSearches()) await target.putSavedSearch(search)
  for (const { name } of ledgers) await moveQuarantine(name, source, target)
}

async function moveQuarantine(ledger: string, source: Directory, target: Directory): Promise<void> {
  for (let after: string | undefined; ; ) {
    const page = await source.quarantined(ledger, after, QUARANTINE_PAGE)
    for (const record of page)
      if ((await target.quarantinedRecord(record.id)) === undefined)
        await target.quarantine([record], Number.MAX_SAFE_INTEGER)
    if (page.length < QUARANTINE_PAGE) return
    after = page.at(-1)!.id
  }
}

/** Kept under another name, where no server takes them for its own. */
function leaveBehind(directory: string, names: readonly string[]): void {
  for (const name of names)
    for (const suffix of ['', '-wal', '-shm']) {
      const path = join(directory, name + suffix)
      if (existsSync(path)) renameSync(path, join(directory, `${name}${MOVED}${suffix}`))
    }
  syncDirectory(directory)
}
