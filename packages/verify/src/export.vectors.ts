/** Runs spec/vectors/export-ndjson.json: exports and the verdict on them. */

import { encodeUtf8, parseVerifierKey } from '@trailproof/core'
import type { Primitives } from './evidence.ts'
import { verifyExport } from './verify-export.ts'

interface ExportCase {
  readonly keys: readonly string[]
  readonly file: string
  readonly verdict: string
  readonly first_bad?: { readonly line: number; readonly index: number; readonly step: string }
}

export async function runExportVectors(
  { cases }: { readonly cases: readonly ExportCase[] },
  primitives: Primitives,
): Promise<string[]> {
  const failures: string[] = []
  for (const [i, { keys, file, verdict, first_bad }] of cases.entries()) {
    const parsed = keys.map((text) => parseVerifierKey(text, primitives.sha256))
    const verifierKeys = parsed.filter((key) => key.kind === 'verifier-key').map(({ key }) => key)
    const report = await verifyExport(piecesOf(file), { ...primitives, verifierKeys })
    const { firstBad } = report
    const first = firstBad && { line: firstBad.line, index: firstBad.index, step: firstBad.step }
    const [found, wanted] = [JSON.stringify([report.verdict, first]), JSON.stringify([verdict, first_bad])]
    if (found !== wanted) failures.push(`case ${i}: ${found}, not ${wanted}: ${firstBad?.detail ?? ''}`)
  }
  return failures
}

const PIECE_BYTES = 1000

async function* piecesOf(file: string): AsyncGenerator<Uint8Array> {
  const bytes = encodeUtf8(file)
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES)
}
