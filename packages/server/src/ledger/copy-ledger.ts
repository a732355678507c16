/** Copies a ledger entry by entry from one store to another: the same leaves, so the same tree under the same signatures. */
import { randomBytes } from 'node:crypto'
import {
  commitmentHasher,
  decodeLeaf,
  equalBytes,
  type GroupName,
  leafHasher,
  rootAt,
  SALT_BYTES,
  TiledTree,
} from '@trailproof/core'
import { sha256 } from '../process/sha256.ts'
import { assertKeysOpened } from '../store/sealed-keys.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { recordedAtOf } from './leaf-time.ts'
import type {
  IndexRange,
  KnownRecord,
  LedgerReader,
  LedgerState,
  LedgerStore,
  SealedEntry,
  StoredEntry,
  StoredGroup,
} from './ledger-store.ts'

/** Entries in one commit of the target. */
const ENTRIES_A_STEP = 2048

const commit = commitmentHasher(sha256)
const hashLeaf = leafHasher(sha256)

export interface CopyLedgerOptions {
  readonly source: LedgerReader
  readonly target: LedgerStore
  /** Told after each step how many entries the target has. */
  readonly onProgress?: (ledger: string, entries: number, of: number) => void
}

/**
 * Resolves with the source's state once the target holds the same entries under the same root; what was copied before is gone on from.
 * Every entry is held against its leaf before it is written and read back afterwards. Nothing may write to either meanwhile. Rejects with
 * LEDGER_EXISTS when the target has another ledger of this name, DATA_DAMAGED naming the first entry that is not what its leaf says.
 */
export async function copyLedger(name: string, options: CopyLedgerOptions): Promise<LedgerState> {
  const { source, target, onProgress } = options
  const from = await source.ledger(name)
  if (from === undefined) throw new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${name}`)
  assertKeysOpened(from)
  const begun = await target.ledger(name)
  // Closed in the target once it was whole.
  if (begun !== undefined && begun.standing.kind !== 'open' && equalBytes(begun.root, from.root)) return from
  const { epoch, tree } = await openTarget(from, options)
  // A step that was cut short may have been committed and not yet erased.
  await eraseAgain(name, { from: Math.max(0, tree.size - ENTRIES_A_STEP), to: tree.size }, options)
  while (tree.size < from.size) {
    const after = tree.size
    const stored = await readStep(source, name, { from: after, to: from.size })
    const entries = await seal(name, stored, source)
    for (const { leaf } of entries) tree.append(hashLeaf(leaf))
    const lastRecordedAt = recordedAtOf(entries.at(-1)!.leaf)
    const head = { size: tree.size, root: tree.root(), lastRecordedAt }
    const tiles = tree.takeChangedTiles().filter(({ level }) => level > 0)
    await target.append([
      { ledger: name, after: { size: after, epoch }, head, entries, tiles, checkpoint: '' },
    ])
    await eraseIn(target, name, stored)
    await assertCopied(name, stored, target)
    onProgress?.(name, tree.size, from.size)
  }
  if (!equalBytes(tree.root(), from.root))
    throw new TrailproofError(
      'DATA_DAMAGED',
      `ledger ${name}: its entries do not lead to its root at size ${from.size}; run trailproof verify`,
    )
  if (from.checkpoint !== '') await target.keepCheckpoint(name, from.checkpoint)
  return from
}

/** The ledger in the target, made when it is not there, and its tree so far. */
async function openTarget(
  from: LedgerState,
  { source, target }: CopyLedgerOptions,
): Promise<{ epoch: number; tree: TiledTree }> {
  const { name, origin, dedupeKey, idKey } = from
  const begun = await target.ledger(name)
  if (begun === undefined) await target.createLedger({ name, origin, dedupeKey, idKey })
  else if (begun.origin !== origin || !equalBytes(begun.dedupeKey, dedupeKey))
    throw new TrailproofError('LEDGER_EXISTS', `there is another ledger ${name} already, ${begun.origin}`)
  const { size, epoch } = await target.takeOver(name)
  const readTile = tilesOf(target, name)
  const tree = await TiledTree.restore(sha256, size, readTile)
  if (size > from.size || !equalBytes(tree.root(), await rootAt(sha256, size, tilesOf(source, name))))
    throw new TrailproofError(
      'LEDGER_EXISTS',
      `the ledger ${name} that is there already has gone on by itself`,
    )
  return { epoch, tree }
}

function tilesOf(store: LedgerReader, name: string) {
  return (level: number, index: number, width: number): Promise<Uint8Array> =>
    store.readTile(name, level, index, width)
}

async function readStep(
  store: LedgerReader,
  name: string,
  { from, to }: IndexRange,
): Promise<readonly StoredEntry[]> {
  const wanted = Math.min(to - from, ENTRIES_A_STEP)
  const entries: StoredEntry[] = []
  while (entries.length < wanted) {
    const read = await store.readEntries(name, from + entries.length, wanted - entries.length)
    if (read.length === 0)
      throw new TrailproofError('DATA_DAMAGED', `ledger ${name}: entry ${from + entries.length} is missing`)
    entries.push(...read)
  }
  return entries
}

/** As they were when they were recorded; what is erased of them is left out, and erased once it is written. */
async function seal(
  name: string,
  stored: readonly StoredEntry[],
  source: LedgerReader,
): Promise<readonly SealedEntry[]> {
  const leaves = stored.map(({ leaf, index }) => {
    const decoded = decodeLeaf(leaf)
    if (decoded.kind === 'leaf') return decoded
    throw new TrailproofError('DATA_DAMAGED', `ledger ${name}, entry ${index}: ${decoded.problem}`)
  })
  const known = await source.findRecords(name, Buffer.concat(leaves.map(({ id }) => id)))
  return stored.map(({ index, leaf, core, personal }, at) => {
    const { id, core: coreCommitment, personal: personalCommitment } = leaves[at]!
    const [coreBytes, coreSalt] = checked('core', core, coreCommitment, { name, index })
    const [personalBytes, personalSalt] = checked('personal', personal, personalCommitment, { name, index })
    return {
      id,
      leaf,
      digest: digestOf(known[at], index, name),
      coreSalt,
      core: coreBytes,
      personalSalt,
      personal: personalBytes,
    }
  })
}

/** Stands for a moment where nothing is; zeros for a salt would say already that it is erased. */
const PLACEHOLDER: readonly [bytes: Uint8Array, salt: Uint8Array] = [
  new Uint8Array(),
  randomBytes(SALT_BYTES),
]

function checked(
  group: GroupName,
  stored: StoredGroup,
  commitment: Uint8Array,
  { name, index }: { readonly name: string; readonly index: number },
): readonly [bytes: Uint8Array, salt: Uint8Array] {
  if (stored.kind === 'erased') return PLACEHOLDER
  if (equalBytes(commit(group, stored.salt, stored.bytes), commitment)) return [stored.bytes, stored.salt]
  const what = `its ${group} content is not what its leaf was made of`
  throw new TrailproofError('DATA_DAMAGED', `ledger ${name}, entry ${index}: ${what}; run trailproof verify`)
}

const NO_DIGEST = new Uint8Array(16)

function digestOf(known: KnownRecord | undefined, index: number, name: string): Uint8Array {
  // An id stands once in a ledger, at the entry that it names.
  if (known?.index !== index)
    throw new TrailproofError('DATA_DAMAGED', `ledger ${name}, entry ${index}: its id is not found there`)
  return known.digest ?? NO_DIGEST
}

async function eraseAgain(
  name: string,
  range: IndexRange,
  { source, target }: Pick<CopyLedgerOptions, 'source' | 'target'>,
): Promise<void> {
  if (range.to > range.from) await eraseIn(target, name, await readStep(source, name, range))
}

async function eraseIn(target: LedgerStore, name: string, stored: readonly StoredEntry[]): Promise<void> {
  const ranges: { from: number; to: number; groups?: 'both' }[] = []
  for (const { index, core, personal } of stored) {
    if (personal.kind !== 'erased') continue
    const groups = core.kind === 'erased' ? 'both' : undefined
    const last = ranges.at(-1)
    if (last?.to === index && last.groups === groups) last.to++
    else ranges.push({ from: index, to: index + 1, ...(groups && { groups }) })
  }
  if (ranges.length > 0) await target.erase(name, ranges)
}

async function assertCopied(
  name: string,
  stored: readonly StoredEntry[],
  target: LedgerReader,
): Promise<void> {
  const from = stored[0]!.index
  const written = await readStep(target, name, { from, to: from + stored.length })
  for (const [at, { index, leaf, core, personal }] of stored.entries()) {
    const copy = written[at]!
    if (
      copy.index !== index ||
      !equalBytes(copy.leaf, leaf) ||
      !isSameGroup(copy.core, core) ||
      !isSameGroup(copy.personal, personal)
    )
      throw new TrailproofError(
        'DATA_DAMAGED',
        `ledger ${name}, entry ${index} was not written as it was read`,
      )
  }
}

function isSameGroup(a: StoredGroup, b: StoredGroup): boolean {
  if (a.kind === 'erased' || b.kind === 'erased') return a.kind === b.kind
  return equalBytes(a.bytes, b.bytes) && equalBytes(a.salt, b.salt)
}
