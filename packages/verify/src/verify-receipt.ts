/** Judges one receipt: by itself, and against what the ledger says today. */

import type { Checkpoint, GroupName, VerifierKey } from '@trailproof/core'
import {
  commitmentHasher,
  decodeLeaf,
  encodeUuid,
  equalBytes,
  leafHash,
  openCheckpoint,
  verifyInclusion,
} from '@trailproof/core'
import type { EvidenceSource, Primitives } from './evidence.ts'
import { checkGroup } from './group-check.ts'
import type { Receipt } from './receipt.ts'
import { isSameTime, parseReceipt } from './receipt.ts'
import { servedNow } from './served-now.ts'

export interface VerifyReceiptOptions extends Primitives {
  /** The signed checkpoint of the answer the receipt came in. */
  readonly checkpoint: string
  readonly verifierKeys: readonly VerifierKey[]
  readonly origin?: string
  /** The record's group bytes and salts, judged against the leaf when given. */
  readonly core?: { readonly bytes: Uint8Array; readonly salt: Uint8Array }
  readonly personal?: { readonly bytes: Uint8Array; readonly salt: Uint8Array }
  /** The ledger as it is served now: finds a fork, and can stand in for a proof the receipt lacks. */
  readonly source?: EvidenceSource
}

export type ReceiptStep =
  | 'receipt'
  | 'checkpoint'
  | 'leaf'
  | 'inclusion'
  | 'commitment'
  | 'content'
  | 'missing'
  | 'tile'
  | 'fork'

export interface ReceiptReport {
  readonly verdict: 'intact' | 'broken' | 'unproven'
  /** Sentences: what holds. */
  readonly proven: readonly string[]
  /** Sentences: what is lacking. */
  readonly missing: readonly string[]
  readonly firstBad?: { readonly index: number; readonly step: ReceiptStep; readonly detail: string }
}

/** Never rejects for what receipt or source say. */
export async function verifyReceipt(value: unknown, options: VerifyReceiptOptions): Promise<ReceiptReport> {
  const receipt = parseReceipt(value)
  if (receipt.kind === 'problem') return broken(0, 'receipt', receipt.problem)
  if (receipt.kind === 'no-entry')
    return unproven(`a record with status ${receipt.status} has no entry, so there is nothing to prove`)
  if (options.verifierKeys.length === 0) return unproven('no verifier key was given')

  const signed = openCheckpoint(options.checkpoint, options.verifierKeys, options.verifyEd25519)
  const { index } = receipt
  if (signed.kind === 'problem') return broken(index, 'checkpoint', signed.problem)
  if (signed.kind === 'unsigned')
    return broken(index, 'checkpoint', 'no known key of the ledger signed the checkpoint')
  if ((options.origin ?? signed.origin) !== signed.origin || !signed.origin.endsWith(`/${receipt.ledger}`))
    return broken(index, 'checkpoint', `the checkpoint is of ${signed.origin}`)
  if (index >= signed.size)
    return broken(index, 'receipt', `the index is beyond the checkpoint's ${signed.size}`)

  const judged = new Judgement(index, options)
  judged.proven.push(`${signed.origin} signed size ${signed.size}`)
  judged.leaf(receipt)
  judged.inclusion(receipt, signed)
  if (options.source !== undefined) await judged.source(options.source, receipt, signed)
  return judged.report()
}

class Judgement {
  readonly proven: string[] = []
  readonly #missing: string[] = []
  readonly #index: number
  readonly #options: VerifyReceiptOptions
  #firstBad: ReceiptReport['firstBad']
  #included = false

  constructor(index: number, options: VerifyReceiptOptions) {
    this.#index = index
    this.#options = options
  }

  report(): ReceiptReport {
    if (!this.#included)
      this.#missing.push('an inclusion proof, without which the leaf may not be in the tree')
    const said = { proven: this.proven, missing: this.#missing }
    if (this.#firstBad !== undefined) return { verdict: 'broken', ...said, firstBad: this.#firstBad }
    return { verdict: this.#missing.length > 0 ? 'unproven' : 'intact', ...said }
  }

  leaf(receipt: Receipt): void {
    if (receipt.leaf === undefined) {
      this.#missing.push('the leaf, without which nothing ties id and recorded_at to the leaf hash')
      return
    }
    const { sha256 } = this.#options
    const leaf = decodeLeaf(receipt.leaf)
    if (leaf.kind === 'problem') return this.#bad('leaf', leaf.problem)
    if (!equalBytes(leafHash(sha256, receipt.leaf), receipt.leafHash))
      return this.#bad('leaf', 'the leaf does not hash to leaf_hash')
    if (encodeUuid(leaf.id) !== receipt.id) return this.#bad('leaf', 'the leaf has another id')
    if (!isSameTime(receipt.recordedAt, leaf.recordedAtUs))
      return this.#bad('leaf', 'the leaf has another recorded_at')
    this.proven.push('id and recorded_at are the leaf’s')
    this.#group('core', leaf.core)
    this.#group('personal', leaf.personal)
  }

  inclusion({ leafHash: hash, proof }: Receipt, { size, root }: Checkpoint): void {
    if (proof === undefined) return
    const claim = { index: this.#index, size, leafHash: hash, proof, root }
    if (!verifyInclusion(this.#options.sha256, claim))
      return this.#bad('inclusion', 'the proof does not lead from the leaf hash to the signed root')
    this.#included = true
    this.proven.push(`the leaf is entry ${this.#index} of the tree of size ${size}`)
  }

  /** Compares the receipt's checkpoint with the one served now. */
  async source(source: EvidenceSource, receipt: Receipt, then: Checkpoint): Promise<void> {
    try {
      const served = await servedNow(source, then, this.#options)
      if (served.kind === 'unknown') {
        this.#missing.push(served.detail)
        return
      }
      if (served.kind === 'broken') return this.#badAt(served.index, served.step, served.detail)
      const same = equalBytes(await served.reader.leafHashAt(this.#index), receipt.leafHash)
      if (served.kind === 'forked')
        return this.#badAt(
          same ? 0 : this.#index,
          'fork',
          `two histories are signed: size ${then.size} of the receipt is not the beginning of size ${served.size} served now`,
        )
      this.proven.push(`the ledger served now, of size ${served.size}, continues the receipt's`)
      // Consistent trees hold the same leaves, so a tile stands in for a proof the receipt lacks.
      if (same) this.#included = true
      else if (!this.#included)
        this.#missing.push(
          'agreement: the ledger has another leaf there, and without a proof the receipt convicts nobody',
        )
    } catch (error) {
      this.#missing.push(`the ledger served now could not be read: ${String(error)}`)
    }
  }

  #group(name: GroupName, committed: Uint8Array): void {
    const group = this.#options[name]
    if (group === undefined) return
    const checked = checkGroup(commitmentHasher(this.#options.sha256), name, committed, group)
    if (checked.kind === 'problem') return this.#bad(checked.step, checked.problem)
    this.proven.push(`the ${name} group is what the leaf commits to`)
  }

  #bad(step: ReceiptStep, detail: string): void {
    this.#badAt(this.#index, step, detail)
  }

  /** The first contradiction is the one that is named. */
  #badAt(index: number, step: ReceiptStep, detail: string): void {
    this.#firstBad ??= { index, step, detail }
  }
}

function broken(index: number, step: ReceiptStep, detail: string): ReceiptReport {
  return { verdict: 'broken', proven: [], missing: [], firstBad: { index, step, detail } }
}

function unproven(detail: string): ReceiptReport {
  return { verdict: 'unproven', proven: [], missing: [detail] }
}
