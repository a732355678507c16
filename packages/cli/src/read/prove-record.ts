/** `trailproof proof <id>`: what convinces a third party that a record is in the ledger. */

import { writeFileSync } from 'node:fs'
import type { RecordView } from '@trailproof/core'
import { clientOf } from '../api/api-client.ts'
import { type ClientOptions, clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { receiptOf, tlogProofOf } from './receipt-of.ts'

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
  const proof = options.tlog
    ? await tlogProofOf(record, client)
    : `${JSON.stringify(await receiptOf(record, client, options), null, 2)}\n`
  if (options.output === undefined) context.stdout.write(proof)
  else {
    save(options.output, proof)
    context.stderr.write(
      `saved ${options.output}; check it with: trailproof verify ${options.output} --vkey <key>\n`,
    )
  }
}

function save(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 })
  } catch (cause) {
    throw usageFailure(`cannot write ${path}: ${(cause as Error).message}`)
  }
}
