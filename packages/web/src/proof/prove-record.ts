/** Fetches a record's evidence and has it judged. */
import type { LedgerInfo } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import type { ProvenGroups } from './compare-shown.ts'
import { consistencyWith } from './consistency-with.ts'
import { judge } from './judge.ts'
import type { RecordEvidence, ShownGroup } from './judge-record.ts'
import type { Judgement } from './judgement.ts'
import { knownOrigin, pinnedKeys, rememberCheckpoint, rememberedCheckpoints } from './trust.ts'

type AnsweredGroup = ShownGroup | { readonly erased: true } | { readonly withheld: true }

interface Entry {
  readonly leaf: string
  readonly core: AnsweredGroup
  readonly personal: AnsweredGroup
}

export interface ProvenRecord extends Judgement {
  readonly evidence: RecordEvidence
  /** What the proven bytes hold. */
  readonly groups: ProvenGroups
}

export async function proveRecord(client: Client, ledger: string, index: number): Promise<ProvenRecord> {
  const rememberedOf = rememberedCheckpoints()
  const place = `v1/ledgers/${encodeURIComponent(ledger)}`
  const [{ ledgers }, entry, proof] = await Promise.all([
    client.get<{ ledgers: readonly LedgerInfo[] }>('v1/ledgers'),
    client.get<Entry>(`${place}/entries/${index}`),
    client.fetch(`${place}/entries/${index}/proof`).then((response) => response.text()),
  ])
  const info = ledgers.find(({ name }) => name === ledger)!
  const remembered = rememberedOf(info.origin)
  const evidence: RecordEvidence = {
    ledger,
    index,
    leaf: entry.leaf,
    core: shownIn(entry.core),
    personal: shownIn(entry.personal),
    proof,
    verifierKeys: pinnedKeys(info.origin, info.verifier_keys),
    knownOrigin: knownOrigin(ledger, info.origin),
    remembered,
    consistency: await consistencyWith(client, ledger, remembered, proof.slice(proof.indexOf('\n\n') + 2)),
  }
  const judgement = await judge({ kind: 'record', evidence })
  if (judgement.checkpoint !== undefined) rememberCheckpoint(info.origin, judgement.checkpoint)
  return {
    ...judgement,
    evidence,
    groups: { core: fieldsOf(evidence.core), personal: fieldsOf(evidence.personal) },
  }
}

function shownIn(group: AnsweredGroup): ShownGroup | undefined {
  return 'text' in group ? group : undefined
}

function fieldsOf(group: ShownGroup | undefined): Record<string, unknown> | undefined {
  return group && (JSON.parse(group.text) as Record<string, unknown>)
}
