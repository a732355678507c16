/** Runs spec/vectors/ledger-evidence.json: whole ledgers and the verdict on them. */

import { decodeHex, encodeUtf8, parseVerifierKey } from '@trailproof/core'
import type { EvidenceGroup, EvidenceSource, Primitives } from './evidence.ts'
import { verifyLedger } from './verify-ledger.ts'

interface GroupCase {
  readonly kind: EvidenceGroup['kind']
  readonly bytes?: string
  readonly salt?: string
}

interface EvidenceCase {
  readonly keys: readonly string[]
  readonly checkpoint: string
  readonly tiles: Readonly<Record<string, string>>
  readonly entries: readonly { leaf: string; core: GroupCase; personal: GroupCase }[]
  readonly remembered: readonly string[]
  readonly verdict: string
  readonly first_bad?: { readonly index: number; readonly step: string }
  readonly erased?: readonly unknown[]
}

export async function runEvidenceVectors(
  { cases }: { readonly cases: readonly EvidenceCase[] },
  primitives: Primitives,
): Promise<string[]> {
  const failures: string[] = []
  for (const [i, each] of cases.entries()) {
    const parsed = each.keys.map((text) => parseVerifierKey(text, primitives.sha256))
    const verifierKeys = parsed.filter((key) => key.kind === 'verifier-key').map(({ key }) => key)
    const report = await verifyLedger(sourceOf(each), {
      ...primitives,
      verifierKeys,
      remembered: each.remembered,
    })
    const first =
      report.firstBad === undefined ? undefined : { index: report.firstBad.index, step: report.firstBad.step }
    const found = JSON.stringify([report.verdict, first, report.erased])
    const wanted = JSON.stringify([each.verdict, each.first_bad, each.erased ?? []])
    if (found !== wanted)
      failures.push(`case ${i}: ${found}, not ${wanted}: ${report.firstBad?.detail ?? ''}`)
  }
  return failures
}

function sourceOf({ checkpoint, tiles, entries }: EvidenceCase): EvidenceSource {
  return {
    checkpoint: async () => checkpoint,
    readTile: async (level, index) => fromHex(tiles[`${level}/${index}`]),
    readEntries: async (from, count) =>
      entries.slice(from, from + count).map(({ leaf, core, personal }) => ({
        leaf: fromHex(leaf),
        core: groupOf(core),
        personal: groupOf(personal),
      })),
  }
}

function groupOf({ kind, bytes = '', salt }: GroupCase): EvidenceGroup {
  return kind === 'present' ? { kind, bytes: encodeUtf8(bytes), salt: fromHex(salt) } : { kind }
}

function fromHex(text = ''): Uint8Array {
  return decodeHex(text) ?? new Uint8Array(0)
}
