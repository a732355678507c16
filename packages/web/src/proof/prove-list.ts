/** Has all records of a list proved at once: by an export of the entries between the first and the last of them. */

import type { LedgerInfo, ShownRecord } from '../api/answers.ts'
import type { Client } from '../api/client.ts'
import { downloadExport } from '../export/download-export.ts'
import { consistencyWith } from './consistency-with.ts'
import { exportHeader } from './export-header.ts'
import { judge } from './judge.ts'
import type { Judgement } from './judgement.ts'
import { knownOrigin, pinnedKeys, rememberCheckpoint, rememberedCheckpoints } from './trust.ts'

/** Entries between the first and the last; hashes of those between are part of the proof. */
export const LIST_ENTRIES_MAX = 1_000_000

export interface ProvenList extends Judgement {
  /** An export that proves the same without this server. */
  readonly file: Blob
  readonly verifierKeys: readonly string[]
}

/** `query` is what the list was asked for; there is at least one record. */
export async function proveList(
  client: Client,
  ledger: string,
  query: string,
  records: readonly ShownRecord[],
): Promise<ProvenList> {
  const proven = await proveAmong(client, ledger, query, records)
  // What was erased since, or has become too old for `last:`, does not match any more, and is there all the same.
  return proven.lacksShown && query !== '' ? proveAmong(client, ledger, '', records) : proven
}

/** By those entries that match the query. */
async function proveAmong(
  client: Client,
  ledger: string,
  query: string,
  records: readonly ShownRecord[],
): Promise<ProvenList> {
  const rememberedOf = rememberedCheckpoints()
  const indexes = records.map(({ index }) => index)
  const parameters = {
    ledger,
    q: query,
    from_index: Math.min(...indexes),
    to_index: Math.max(...indexes) + 1,
  }
  const [{ origin, verifier_keys: shownKeys }, file] = await Promise.all([
    client.get<LedgerInfo>(`v1/ledgers/${encodeURIComponent(ledger)}`),
    downloadExport(client, { parameters }),
  ])
  const checkpoint = (await exportHeader(file))?.checkpoint ?? ''
  const remembered = rememberedOf(origin)
  const consistency = await consistencyWith(client, ledger, remembered, checkpoint)
  const verifierKeys = pinnedKeys(origin, shownKeys)
  const memory = { knownOrigin: knownOrigin(ledger, origin), remembered, consistency }
  const judgement = await judge({ kind: 'export', evidence: { file, verifierKeys, memory, shown: records } })
  if (judgement.checkpoint !== undefined) rememberCheckpoint(origin, judgement.checkpoint)
  return { ...judgement, file, verifierKeys }
}
