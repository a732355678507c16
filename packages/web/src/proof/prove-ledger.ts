/** Fetches a ledger's newest checkpoint, and what ties it to the one that this browser remembers, and has them judged. */
import type { LedgerInfo } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { consistencyWith } from './consistency-with.ts'
import { judge } from './judge.ts'
import type { LedgerEvidence } from './judge-ledger.ts'
import type { Judgement } from './judgement.ts'
import { knownOrigin, pinnedKeys, rememberCheckpoint, rememberedCheckpoints } from './trust.ts'

export interface ProvenLedger extends Judgement {
  readonly evidence: LedgerEvidence
  /** Keys that the server shows now. */
  readonly shownKeys: readonly string[]
}

export async function proveLedger(client: Client, ledger: string): Promise<ProvenLedger> {
  const rememberedOf = rememberedCheckpoints()
  const {
    origin,
    checkpoint = '',
    verifier_keys: shownKeys,
  } = await client.get<LedgerInfo>(`v1/ledgers/${encodeURIComponent(ledger)}`)
  const remembered = rememberedOf(origin)
  const evidence: LedgerEvidence = {
    origin,
    checkpoint,
    verifierKeys: pinnedKeys(origin, shownKeys),
    knownOrigin: knownOrigin(ledger, origin),
    remembered,
    consistency: await consistencyWith(client, ledger, remembered, checkpoint),
  }
  const judgement = await judge({ kind: 'ledger', evidence })
  if (judgement.checkpoint !== undefined) rememberCheckpoint(origin, judgement.checkpoint)
  return { ...judgement, evidence, shownKeys }
}
