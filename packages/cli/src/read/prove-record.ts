/** `trailproof proof <id>`: what convinces a third party that a record is in the ledger. */

import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import {
  decodeBase64,
  encodeBase64,
  leafHash,
  parseTlogProof,
  type RecordView,
  readCheckpoint,
} from '@trailproof/core'
import type { EntryAnswer } from '../api/answers.ts'
import { type ApiClient, clientOf } from '../api/api-client.ts'
import { type ClientOptions, clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure, usageFailure } from '../failure.ts'

export function proofCommand(context: Context) {
  return clientCommand('proof', 'get the proof that a record is in the ledger; verify checks it offline')
    .argument('<id>', 'UUID of the record')
    .option('-o, --output <file>', 'save it there')
    .option('--content', 'add the record itself, so that it is proven too')
    .option('--tlog', 'as C2SP tlog-proof text, for the tools of others')
    .action((id, options) => proveRecord(id, options, context))
}

interface ProofOptions extends ClientOptions {
  readonly output?: string
  readonly content?: true
  readonly tlog?: true
}

async function proveRecord(id: string, options: ProofOptions, context: Context): Promise<void> {
  if (options.tlog && options.content)
    throw usageFailure('--content has no place in a tlog-proof: leave out --tlog')
  const client = clientOf(options, context)
  const query = { ledger: options.ledger }
  const record = await client.json<RecordView>(`/v1/events/${encodeURIComponent(id)}`, { query })
  const entry = `/v1/ledgers/${encodeURIComponent(record.ledger)}/entries/${record.index}`
  const text = await client.text(`${entry}/proof`)
  const proof = options.tlog
    ? text
    : `${JSON.stringify(await receiptOf(record, entry, text, client, options), null, 2)}\n`
  if (options.output === undefined) context.stdout.write(proof)
  else {
    save(options.output, proof)
    context.stderr.write(
      `saved ${options.output}; check it with: trailproof verify ${options.output} --vkey <key>\n`,
    )
  }
}

/** The proof in the form of a receipt, with the checkpoint it leads to. */
async function receiptOf(
  { id, ledger, recorded_at }: RecordView,
  path: string,
  text: string,
  client: ApiClient,
  { content }: ProofOptions,
): Promise<unknown> {
  const proof = parseTlogProof(text)
  const { leaf, core, personal } = await client.json<EntryAnswer>(path)
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

function sha256(data: Uint8Array): Uint8Array {
  return createHash('sha256').update(data).digest()
}

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 })
  } catch (cause) {
    throw usageFailure(`cannot write ${path}: ${(cause as Error).message}`)
  }
}
