/** Asks the ledger again for a record that it gave a receipt for, and believes only what it proves. */
import { createPublicKey, hash, verify } from 'node:crypto'
import {
  decodeBase64,
  openCheckpoint,
  parseTlogProof,
  parseVerifierKey,
  type VerifierKey,
  verifyInclusion,
} from '@trailproof/core'
import type { HttpAnswer } from './http-client.ts'
import type { KeptReceipt } from './receipt-file.ts'

export type Recheck =
  /** The ledger of today, of so many entries, holds the entry of the receipt. */
  | {
      readonly kind: 'included'
      readonly size: number
      /** C2SP signed note. */
      readonly checkpoint: string
      /** Whether the signature was held against `verifierKeys`; else against what the server says are its keys. */
      readonly keysGiven: boolean
    }
  /** It does not prove it: the ledger was changed, or this is not the ledger. */
  | { readonly kind: 'broken'; readonly problem: string }
  /** Nothing can be said: no receipt of it is kept, or the server does not answer. */
  | { readonly kind: 'unknown'; readonly problem: string }

export interface RecheckDeps {
  /** Rejects when there is no answer. */
  readonly get: (path: string) => Promise<HttpAnswer>
  readonly verifierKeys: readonly string[] | undefined
}

/** Never rejects. */
export async function recheckReceipt(
  receipt: KeptReceipt,
  { get, verifierKeys }: RecheckDeps,
): Promise<Recheck> {
  const { ledger, index } = receipt
  const path = `/v1/ledgers/${encodeURIComponent(ledger)}`
  let proof: HttpAnswer
  let keys: readonly string[]
  try {
    proof = await get(`${path}/entries/${index}/proof`)
    keys = verifierKeys ?? keysIn(await get(path))
  } catch (error) {
    return { kind: 'unknown', problem: (error as Error).message }
  }
  // An entry that was there and is not there any more is no outage.
  if (proof.status === 404) return { kind: 'broken', problem: `the ledger has no entry ${index}` }
  if (proof.status !== 200) return { kind: 'unknown', problem: `the server answered ${proof.status}` }
  return judge(receipt, proof.text, keys, verifierKeys !== undefined)
}

function judge(receipt: KeptReceipt, text: string, keys: readonly string[], keysGiven: boolean): Recheck {
  const proof = parseTlogProof(text)
  if (proof.kind === 'problem') return { kind: 'broken', problem: proof.problem }
  const known: VerifierKey[] = []
  for (const key of keys) {
    const parsed = parseVerifierKey(key, sha256)
    if (parsed.kind === 'problem') return { kind: 'unknown', problem: `the verifier key ${parsed.problem}` }
    known.push(parsed.key)
  }
  const opened = openCheckpoint(proof.checkpoint, known, verifyEd25519)
  if (opened.kind === 'problem') return { kind: 'broken', problem: opened.problem }
  if (opened.kind === 'unsigned')
    return { kind: 'broken', problem: 'no known key of the ledger signed the checkpoint' }
  const { size, root, origin } = opened
  if (!origin.endsWith(`/${receipt.ledger}`))
    return { kind: 'broken', problem: `the checkpoint is of ${origin}` }
  if (proof.index !== receipt.index)
    return { kind: 'broken', problem: `the proof is of entry ${proof.index}` }
  const leafHash = decodeBase64(receipt.leafHash)
  if (leafHash?.length !== 32) return { kind: 'broken', problem: 'the receipt has no leaf hash' }
  // 32 bytes: a hash of a leaf as the receipt has it.
  const claim = { index: receipt.index, size, leafHash: leafHash as never, proof: proof.proof, root }
  if (!verifyInclusion(sha256, claim))
    return { kind: 'broken', problem: `entry ${receipt.index} is not the one of the receipt` }
  return { kind: 'included', size, checkpoint: proof.checkpoint, keysGiven }
}

function keysIn({ status, text }: HttpAnswer): readonly string[] {
  if (status !== 200) throw new Error(`the server answered ${status}`)
  const { verifier_keys } = JSON.parse(text) as { verifier_keys?: unknown }
  if (!Array.isArray(verifier_keys)) throw new Error('the server names no verifier keys')
  return verifier_keys.map(String)
}

function sha256(data: Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer')
}

/** DER of an Ed25519 public key before its 32 bytes (RFC 8410). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.concat([SPKI, publicKey]), format: 'der', type: 'spki' })
    return verify(null, message, key, signature)
  } catch {
    return false // not a point of the curve
  }
}
