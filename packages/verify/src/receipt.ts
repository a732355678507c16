/** Receipts as producers get them (spec/verify.md, "Receipts"), parsed strictly. */

import { decodeBase64, decodeUuid, HASH_BYTES, PROOF_HASHES_MAX } from '@trailproof/core'

export interface Receipt {
  /** UUID text. */
  readonly id: string
  /** The ledger's name: the last part of its origin. */
  readonly ledger: string
  readonly index: number
  readonly leafHash: Uint8Array
  /** RFC 3339 in UTC, as given. */
  readonly recordedAt: string
  readonly status: string
  /** 89 bytes. Without it, id and recorded_at are claims that nothing ties to the leaf hash. */
  readonly leaf?: Uint8Array
  /** Siblings, leaf upward, to the root of the checkpoint in the same answer. */
  readonly proof?: readonly Uint8Array[]
}

export type ParsedReceipt =
  | ({ readonly kind: 'receipt' } & Receipt)
  /** `quarantined` and `refused` records have no entry, so there is nothing to prove. */
  | { readonly kind: 'no-entry'; readonly status: string }
  | { readonly kind: 'problem'; readonly problem: string }

export function parseReceipt(value: unknown): ParsedReceipt {
  if (typeof value !== 'object' || value === null) return problem('is not a JSON object')
  const { id, ledger, index, leaf_hash, recorded_at, status, leaf, proof } = value as Record<string, unknown>
  if (typeof status !== 'string') return problem('has no status')
  if (status === 'quarantined' || status === 'refused') return { kind: 'no-entry', status }
  if (typeof id !== 'string' || decodeUuid(id) === undefined) return problem('has no id that is a UUID')
  if (typeof ledger !== 'string') return problem('names no ledger')
  if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0) return problem('has no index')
  if (typeof recorded_at !== 'string' || parseUtc(recorded_at) === undefined)
    return problem('has no recorded_at in UTC with up to six decimals')
  const leafHash = hashOf(leaf_hash)
  if (leafHash === undefined) return problem('has no leaf_hash of 32 bytes in base64')
  const receipt = { kind: 'receipt', id, ledger, index, leafHash, recordedAt: recorded_at, status } as const
  const leafBytes = typeof leaf === 'string' ? decodeBase64(leaf) : undefined
  if (leaf !== undefined && leafBytes === undefined) return problem('has a leaf that is not base64')
  const hashes = Array.isArray(proof) && proof.length <= PROOF_HASHES_MAX ? proof.map(hashOf) : undefined
  if (proof !== undefined && (hashes === undefined || !hashes.every((hash) => hash !== undefined)))
    return problem('has a proof that is not hashes in base64')
  return {
    ...receipt,
    ...(leafBytes === undefined ? {} : { leaf: leafBytes }),
    ...(hashes === undefined ? {} : { proof: hashes as Uint8Array[] }), // each was just checked
  }
}

/** Whether a time text says the same as a count of microseconds, at the text's own precision. */
export function isSameTime(text: string, us: number): boolean {
  const parsed = parseUtc(text)
  return parsed !== undefined && Math.floor(us / parsed.unitUs) * parsed.unitUs === parsed.us
}

const UTC = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?Z$/

function parseUtc(text: string): { us: number; unitUs: number } | undefined {
  const [, seconds = '', decimals = ''] = UTC.exec(text) ?? []
  const ms = parseSeconds(seconds)
  if (ms === undefined) return undefined
  return { us: ms * 1000 + Number(decimals.padEnd(6, '0')), unitUs: 10 ** (6 - decimals.length) }
}

/** Neighbours in a file are mostly of one second: the last answer is kept. */
let lastSeconds = { text: '', ms: undefined as number | undefined }

function parseSeconds(text: string): number | undefined {
  if (text === lastSeconds.text) return lastSeconds.ms
  const ms = Date.parse(`${text}Z`)
  // Date.parse takes 31 February; writing it back shows what it made of it.
  const isTime = !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19) === text
  lastSeconds = { text, ms: isTime ? ms : undefined }
  return lastSeconds.ms
}

function hashOf(value: unknown): Uint8Array | undefined {
  const bytes = typeof value === 'string' ? decodeBase64(value) : undefined
  return bytes?.length === HASH_BYTES ? bytes : undefined
}

function problem(what: string): ParsedReceipt {
  return { kind: 'problem', problem: `the receipt ${what}` }
}
