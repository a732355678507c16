/** A record's proof in the form of a receipt, with the checkpoint that it leads to; `trailproof verify` judges it. */
import { createHash } from 'node:crypto'
import { decodeBase64, encodeBase64, leafHash, parseTlogProof, readCheckpoint } from '@trailproof/core'
import type { EntryAnswer } from '../api/answers.ts'
import type { ApiClient } from '../api/api-client.ts'
import { EXIT } from '../exit-code.ts'
import { Failure } from '../failure.ts'

export interface ProvedRecord {
  readonly id: string
  readonly ledger: string
  readonly index: number
  readonly recorded_at: string
}

export interface ProofOptions {
  /** The record with its salts too, so that its content is proven. Default: false. */
  readonly content?: boolean | undefined
}

/** The C2SP tlog-proof of an entry. */
export function tlogProofOf({ ledger, index }: Omit<ProvedRecord, 'id' | 'recorded_at'>, client: ApiClient) {
  return client.text(`${entryPath(ledger, index)}/proof`)
}

export async function receiptOf(
  { id, ledger, index, recorded_at }: ProvedRecord,
  client: ApiClient,
  { content = false }: ProofOptions = {},
): Promise<Record<string, unknown>> {
  const proof = parseTlogProof(await tlogProofOf({ ledger, index }, client))
  const { leaf, core, personal } = await client.json<EntryAnswer>(entryPath(ledger, index))
  const leafBytes = decodeBase64(leaf)
  if (
    proof.kind === 'problem' ||
    readCheckpoint(proof.checkpoint).kind === 'problem' ||
    leafBytes === undefined
  )
    throw new Failure(EXIT.refused, 'the server answered something that is not a proof')
  return {
    id,
    ledger,
    index: proof.index,
    leaf_hash: encodeBase64(leafHash(sha256, leafBytes)),
    recorded_at,
    status: 'recorded',
    leaf,
    proof: proof.proof.map((hash) => encodeBase64(hash)),
    checkpoint: proof.checkpoint,
    ...(content ? { core, personal } : {}),
  }
}

function entryPath(ledger: string, index: number): string {
  return `/v1/ledgers/${encodeURIComponent(ledger)}/entries/${index}`
}

function sha256(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest()
}
