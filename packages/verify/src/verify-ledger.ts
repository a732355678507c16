/** Judges a whole ledger, or its entries from an index on (spec/verify.md). */

import type { Checkpoint, VerifierKey } from '@trailproof/core'
import {
  encodeBase64,
  equalBytes,
  LEAF_BYTES,
  leafHash,
  leafHasher,
  TiledTree,
  TreeReader,
  verifyConsistency,
} from '@trailproof/core'
import { EntryCheck } from './entry-check.ts'
import type { Cancellation, EvidenceEntry, EvidenceSource, Primitives } from './evidence.ts'
import { readHead, reportWithoutHead } from './ledger-head.ts'
import { LedgerKeys } from './ledger-keys.ts'
import { Remembered } from './remembered.ts'
import { FILTER_BYTES_MAX, RepeatedIds } from './repeated-ids.ts'
import type { IndexRange, Report, Unproven } from './report.ts'
import { Findings, verdictOf } from './report.ts'
import {
  type JudgedLedger,
  type SuccessorEvidence,
  type SuccessorsWord,
  successorsWord,
} from './successors.ts'
import type { TileDifference } from './tile-check.ts'
import { TileCheck } from './tile-check.ts'

/** Entries asked of the source at once: four full tiles. */
const BATCH_ENTRIES = 1024

export interface VerifyLedgerOptions extends Primitives {
  /** Keys the caller trusts; changes recorded in the ledger are followed from them. Without any: `unproven`. */
  readonly verifierKeys: readonly VerifierKey[]
  /** The origin the ledger must have. Default: whatever the checkpoint says, under a trusted key of that name. */
  readonly origin?: string
  /** Signed checkpoints kept elsewhere: the checkpoint lock's, receipts'. */
  readonly remembered?: readonly string[]
  /** The ledgers that succeeded this one, the oldest first; asked for when something is gone that its own entries do not account for. Default: none. */
  readonly successors?: () => Promise<readonly SuccessorEvidence[]>
  /** Judge entries from this index on; what lies before is then tied to the root by its tiles. Default 0. */
  readonly from?: number
  /** Memory for finding repeated ids, see repeated-ids.ts. Default and most: 256 MiB. */
  readonly idFilterBytesMax?: number
  /** Checked before each batch; aborting rejects with its reason. */
  readonly signal?: Cancellation
  readonly onProgress?: (progress: { readonly checked: number; readonly size: number }) => void
}

/**
 * Streams the ledger once: memory does not grow with it beyond the id filter and the number of separate
 * erased or withheld ranges. Never rejects for what the evidence says; rejects when aborted, and
 * with RangeError when `from` is not an index.
 */
export async function verifyLedger(source: EvidenceSource, options: VerifyLedgerOptions): Promise<Report> {
  return (await judge(source, options)).report
}

async function judge(source: EvidenceSource, options: VerifyLedgerOptions): Promise<JudgedLedger> {
  const findings = new Findings()
  const unproven: Unproven[] = []
  const head = await readHead(source, options)
  if (head.kind !== 'head') return { report: reportWithoutHead(head), said: NOTHING }
  const { note, origin, size, root } = head
  const from = Math.min(options.from ?? 0, size)
  if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`cannot verify from index ${from}`)

  const keys = new LedgerKeys(options.verifierKeys, options)
  const ids = new RepeatedIds(size - from, options.idFilterBytesMax ?? FILTER_BYTES_MAX)
  const entries = new EntryCheck(options.sha256, origin, findings, ids, keys)
  const tiles = new TileCheck(source, size)
  const remembered = new Remembered(options.remembered ?? [])
  const tree = await treeAt(from, head, source, options, remembered)
  if (tree === undefined) {
    const detail = `the tiles of the first ${from} entries could not be read`
    return { report: reportWithoutHead({ kind: 'unreadable', origin, detail }), said: NOTHING }
  }

  const hashLeaf = leafHasher(options.sha256)
  if (tree.size === remembered.nextSize) remembered.compare(tree.root())
  while (tree.size < size) {
    options.signal?.throwIfAborted()
    const batch = await readBatch(source, tree.size, size)
    if (batch.kind === 'unreadable') {
      unproven.push({ what: 'entries', from: tree.size, to: size, detail: batch.detail })
      break
    }
    if (batch.entries.length === 0) {
      findings.add(tree.size, 'missing', `entry ${tree.size} is missing; the checkpoint has ${size}`)
      break
    }
    for (const entry of batch.entries) {
      entries.check(tree.size, entry)
      // A leaf of another length is reported by the check and hashed all the same, to compare the tiles.
      tree.append(
        entry.leaf.length === LEAF_BYTES ? hashLeaf(entry.leaf) : leafHash(options.sha256, entry.leaf),
      )
      if (tree.size === remembered.nextSize) remembered.compare(tree.root())
    }
    await tiles.check(tree.takeFullTiles())
    options.onProgress?.({ checked: tree.size - from, size })
  }
  await tiles.check(tree.takeChangedTiles())

  const readTo = tree.size
  await findRepeatedIds(source, ids, from, readTo, findings, unproven, options.signal)
  const content = entries.finish(readTo, size, await wordAbout({ ...head, source }, entries, options))
  judgeSignature(note, head, keys, options, findings, unproven)
  const rootMatches = readTo === size && equalBytes(tree.root(), root)
  if (readTo === size && !rootMatches) judgeOrder(entries, tiles, findings)
  judgeTiles(rootMatches, tiles, findings)
  const unchangedTo = remembered.finish(head, rootMatches, keys, findings)
  const unknownFrom = Math.max(from, unchangedTo)
  if (readTo === size && !rootMatches && !findings.accountFor({ from: unknownFrom, to: size }))
    findings.add(
      unknownFrom,
      'root',
      'the leaves do not give the signed root, and nothing says which is wrong',
    )

  unproven.push(...content.unproven, ...tiles.unproven, ...remembered.unproven)
  const report = {
    verdict: verdictOf(findings.count > 0, unproven.length > 0, content.erased.length > 0),
    origin,
    size,
    root: encodeBase64(root),
    checked: { from, to: readTo },
    badCount: findings.count,
    erased: content.erased,
    unproven,
  }
  return {
    report: findings.first === undefined ? report : { ...report, firstBad: findings.first },
    said: entries.said,
  }
}

const NOTHING = { predecessor: undefined, erasures: [], isWhole: false }

/** What the ledger's successors say of what is gone from it. They are read after it, so that they cover what is erased meanwhile. */
async function wordAbout(
  closed: Checkpoint & { readonly source: EvidenceSource },
  entries: EntryCheck,
  { successors, sha256, verifyEd25519, signal }: VerifyLedgerOptions,
): Promise<SuccessorsWord> {
  if (successors === undefined || !entries.isShortOfErasures) return { erasures: [] }
  const primitives = { sha256, verifyEd25519 }
  const judgeOne = (
    { source, verifierKeys }: SuccessorEvidence,
    next: readonly SuccessorEvidence[],
  ): Promise<JudgedLedger> =>
    judge(source, { ...primitives, verifierKeys, successors: async () => next, ...(signal && { signal }) })
  return await successorsWord(closed, successors, judgeOne, primitives)
}

/** The tree of the entries that are not read, and what it says about checkpoints remembered below it. */
async function treeAt(
  from: number,
  head: Checkpoint,
  source: EvidenceSource,
  { sha256 }: VerifyLedgerOptions,
  remembered: Remembered,
): Promise<TiledTree | undefined> {
  if (from === 0) return TiledTree.empty(sha256)
  const readTile = (level: number, index: number, width: number) => source.readTile(level, index, width)
  try {
    const reader = new TreeReader(sha256, head.size, readTile)
    while (remembered.nextSize < from) {
      const first = remembered.nextSize
      const firstRoot = await reader.rootAt(first)
      const proof = await reader.consistencyProof(first)
      const claim = { first, second: head.size, firstRoot, secondRoot: head.root, proof }
      remembered.compare(verifyConsistency(sha256, claim) ? firstRoot : undefined)
    }
    return await TiledTree.restore(sha256, from, readTile)
  } catch {
    return undefined // the source's failure; the caller says which part is unproven
  }
}

type Batch =
  | { readonly kind: 'batch'; readonly entries: readonly EvidenceEntry[] }
  | { readonly kind: 'unreadable'; readonly detail: string }

async function readBatch(source: EvidenceSource, from: number, to: number): Promise<Batch> {
  const count = Math.min(BATCH_ENTRIES, to - from)
  try {
    const entries = await source.readEntries(from, count)
    return { kind: 'batch', entries: entries.slice(0, count) }
  } catch (error) {
    return { kind: 'unreadable', detail: `entries from ${from} could not be read: ${String(error)}` }
  }
}

async function findRepeatedIds(
  source: EvidenceSource,
  ids: RepeatedIds,
  from: number,
  to: number,
  findings: Findings,
  unproven: Unproven[],
  signal: Cancellation | undefined,
): Promise<void> {
  if (ids.overflowed)
    unproven.push({
      what: 'ids',
      detail: 'too many ids may repeat; verify from a later index or with more memory',
    })
  for (let at = from; ids.hasSuspects && at < to; ) {
    signal?.throwIfAborted()
    const batch = await readBatch(source, at, to)
    if (batch.kind === 'unreadable' || batch.entries.length === 0) {
      unproven.push({
        what: 'ids',
        from: at,
        to,
        detail: 'entries could not be read again to compare their ids',
      })
      return
    }
    for (const { leaf } of batch.entries) {
      const first = leaf.length === LEAF_BYTES ? ids.earlier(leaf.subarray(1, 17), at) : undefined
      if (first !== undefined) findings.add(at, 'id', `has the id of entry ${first}`)
      at++
    }
  }
}

function judgeSignature(
  note: string,
  head: Checkpoint,
  keys: LedgerKeys,
  options: VerifyLedgerOptions,
  findings: Findings,
  unproven: Unproven[],
): void {
  if (options.verifierKeys.length === 0) {
    unproven.push({
      what: 'checkpoint',
      detail: 'no verifier key was given, so nobody’s word is behind this',
    })
    return
  }
  const opened = keys.open(note, head.size)
  if (opened.kind === 'checkpoint') return
  const why = opened.kind === 'problem' ? opened.problem : `no key in force at size ${head.size} signed it`
  findings.add(0, 'checkpoint', why)
}

/**
 * Where leaves were altered, a time that goes back may be the mark of an entry ahead of its time as well as of one
 * behind: the first of them is named, unless the tiles say that the altered one is elsewhere.
 */
function judgeOrder({ order }: EntryCheck, { differences }: TileCheck, findings: Findings): void {
  const suspects = order.firstUnordered
  const [lowest] = differences
  if (suspects === undefined || findings.accountFor(suspects)) return
  if (lowest !== undefined && (isAboutLeaf(lowest) || !contains(lowest.leaves, suspects.from))) return
  const detail = `recorded_at is after that of entry ${suspects.to - 1}, and not all between were signed like this`
  findings.addAltered(suspects.from, 'recorded_at', detail)
}

function contains({ from, to }: IndexRange, index: number): boolean {
  return from <= index && index < to
}

/**
 * The signed root decides who is wrong where leaves and tiles disagree. A wrong leaf makes every hash above it
 * differ, so a tile is held to account only where no entry that it covers was named.
 */
function judgeTiles(rootMatches: boolean, { differences }: TileCheck, findings: Findings): void {
  for (const difference of differences) {
    const { isShort, leaves, detail } = difference
    if (rootMatches || isShort) findings.addAltered(leaves.from, 'tile', detail)
    else if (isAboutLeaf(difference))
      findings.addAltered(leaves.from, 'leaf', `the leaf is not the one in the tree: ${detail}`)
    else if (!findings.accountFor(leaves)) findings.addAltered(leaves.from, 'tile', detail)
  }
}

function isAboutLeaf({ level, isShort }: TileDifference): boolean {
  return level === 0 && !isShort
}
