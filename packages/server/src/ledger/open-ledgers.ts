/** Opens ledgers for writing, after holding what is stored against what was last signed. */
import { randomBytes } from 'node:crypto'
import {
  type Checkpoint,
  emptyRoot,
  type NoteSigner,
  rootAt,
  signCheckpoint,
  TiledTree,
} from '@trailproof/core'
import { sha256 } from '../process/sha256.ts'
import { assertKeysOpened } from '../store/sealed-keys.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { CheckpointLock } from './checkpoint-lock.ts'
import { readOwnCheckpoint } from './ledger-checkpoint.ts'
import type { LedgerKeys } from './ledger-keys.ts'
import type { LedgerState, LedgerStore } from './ledger-store.ts'
import type { OwnedLedger } from './owned-ledger.ts'

export interface OpenDeps {
  readonly store: LedgerStore
  readonly lock: CheckpointLock
  readonly keys: LedgerKeys
}

/**
 * Makes a ledger with its own key. The lock is written before the data: after a crash in between, the
 * same call completes the work, because the lock still stands at size 0.
 */
export async function createLedger(name: string, origin: string, deps: OpenDeps): Promise<OwnedLedger> {
  if (await deps.store.ledger(name))
    throw new TrailproofError('LEDGER_EXISTS', `there is already a ledger ${name}`)
  const signer = deps.keys.has(name) ? deps.keys.open(name, origin) : deps.keys.create(name, origin)
  const locked = await deps.lock.read(name)
  const empty = signCheckpoint({ origin, size: 0, root: emptyRoot(sha256) }, [signer])
  if (locked !== undefined && readOwnCheckpoint(locked, signer.key)?.size !== 0)
    throw behindLock(name, 'the ledger is gone from the data, but its lock is not empty')
  if (locked === undefined) {
    assertNotElsewhere(name, deps.keys)
    await deps.lock.advance(name, empty)
  }
  await deps.store.createLedger({ name, origin, dedupeKey: randomBytes(32), idKey: randomBytes(32) })
  return openLedger(name, deps)
}

/** Two ledgers under one name and key would be a fork. */
function assertNotElsewhere(name: string, keys: LedgerKeys): void {
  const lock = keys.elsewhere(name)
  if (lock !== undefined)
    throw new TrailproofError(
      'LOCK_MISSING',
      `ledger ${name} was written elsewhere, as ${lock} says: start with the settings it was written with, ` +
        'or with those it was moved to (trailproof ledger move)',
    )
}

/**
 * Opens a ledger for writing: raises its epoch, restores the tree's right edge, checks data against
 * lock, and signs the head if a crash left data ahead of the lock.
 */
export async function openLedger(name: string, deps: OpenDeps): Promise<OwnedLedger> {
  const state = await deps.store.takeOver(name)
  assertKeysOpened(state)
  const signer = deps.keys.open(name, state.origin)
  const locked = await assertNotBehindLock(state, signer, deps)
  const tree = await TiledTree.restore(sha256, state.size, (level, index, width) =>
    deps.store.readTile(name, level, index, width),
  )
  if (Buffer.compare(tree.root(), state.root) !== 0)
    throw new TrailproofError(
      'DATA_DAMAGED',
      `ledger ${name}: the stored root at size ${state.size} is not that of its leaves; run trailproof verify`,
    )
  const sign = (size: number, root: Uint8Array): string =>
    signCheckpoint({ origin: state.origin, size, root }, [signer])
  const checkpoint = sign(state.size, tree.root())
  if (locked.size < state.size) await deps.lock.advance(name, checkpoint)
  await deps.store.keepCheckpoint(name, checkpoint)
  const { epoch, dedupeKey, lastRecordedAt } = state
  return { name, epoch, tree, dedupeKey, lastRecordedAt, checkpoint, sign }
}

/** What is locked; rejects when the stored ledger is not at or past it. */
export async function assertNotBehindLock(
  state: LedgerState,
  signer: NoteSigner,
  deps: Pick<OpenDeps, 'store' | 'lock'>,
): Promise<Checkpoint> {
  const { name, size } = state
  const text = await deps.lock.read(name)
  if (text === undefined)
    throw new TrailproofError(
      'LOCK_MISSING',
      `ledger ${name} has no checkpoint lock: start with --keys naming the directory that holds it, or, if it is lost, ` +
        `run: trailproof ledger succeed ${name} --reason '...'`,
    )
  const locked = readOwnCheckpoint(text, signer.key)
  if (!locked)
    throw new TrailproofError('DATA_DAMAGED', `the lock of ledger ${name} does not verify under its key`)
  if (locked.size > size)
    throw behindLock(name, `the data ends at size ${size}, a checkpoint was signed at size ${locked.size}`)
  const root = await rootAt(sha256, locked.size, (level, index, width) =>
    deps.store.readTile(name, level, index, width),
  )
  if (Buffer.compare(root, locked.root) !== 0)
    throw behindLock(name, `at size ${locked.size} the data has another root than the one that was signed`)
  return locked
}

function behindLock(name: string, what: string): TrailproofError {
  return new TrailproofError(
    'DATA_BEHIND_LOCK',
    `ledger ${name}: ${what}. The data was restored from a backup or copied from elsewhere. ` +
      `Put back the newest data, or go on in a successor: trailproof ledger succeed ${name} --reason '...'`,
  )
}
