/** Whether what was read of an export is what the ledger's key signed: checkpoints, manifest, root. */

import {
  CompactRange,
  type ExportCounts,
  equalBytes,
  openExportManifest,
  readCheckpoint,
} from '@trailproof/core'
import type { Primitives } from './evidence.ts'
import type { ExportHeader, ExportLine } from './export-lines.ts'
import { countsDiffer, type ExportFindings } from './export-report.ts'
import type { LedgerKeys } from './ledger-keys.ts'

export interface PlacedManifest {
  readonly line: number
  readonly parsed: Extract<ExportLine, { kind: 'manifest' }>
  /** What stands between the first line and this one; undefined when some of it could not be read. */
  readonly found:
    | {
        readonly counts: ExportCounts & { readonly erasures: number }
        /** Of the whole subtrees that the range consists of. */
        readonly hashes: readonly Uint8Array[]
      }
    | undefined
}

/** An export that was read to its end. */
export interface ReadExport {
  readonly header: ExportHeader
  /** Of the first line. */
  readonly headerBytes: Uint8Array
  /** What erasures rest on that came after the export's checkpoint, and the line that each was first seen in. */
  readonly laterCheckpoints: ReadonlyMap<string, number>
  readonly manifest: PlacedManifest | undefined
  readonly keys: LedgerKeys
  readonly findings: ExportFindings
  readonly primitives: Primitives
}

export function judgeExportSignatures(read: ReadExport): void {
  const { header, laterCheckpoints, manifest } = read
  judgeCheckpoint(read, 1, header.from, header.checkpoint)
  for (const [note, line] of laterCheckpoints) judgeCheckpoint(read, line, header.to, note)
  if (manifest === undefined) return
  judgeManifest(read, manifest)
  if (manifest.found !== undefined) judgeRoot(read, manifest, manifest.found.hashes)
}

function judgeCheckpoint({ keys, findings }: ReadExport, line: number, index: number, note: string): void {
  const parsed = readCheckpoint(note)
  if (parsed.kind === 'problem') return findings.addAt(line, index, 'checkpoint', parsed.problem)
  const opened = keys.open(note, parsed.size)
  if (opened.kind === 'problem') findings.addAt(line, index, 'checkpoint', opened.problem)
  if (opened.kind === 'unsigned' && keys.isTrusting)
    findings.addAt(line, index, 'checkpoint', `no key in force at size ${parsed.size} signed the checkpoint`)
}

function judgeManifest(
  { header, headerBytes, keys, findings, primitives }: ReadExport,
  { line, parsed, found }: PlacedManifest,
): void {
  const { head, from, to } = header
  const bad = (detail: string): void => findings.addAt(line, to, 'manifest', detail)
  const said = openExportManifest(parsed.manifest, keys.inForce(head.size), primitives.verifyEd25519)
  if (said.kind === 'problem') return bad(said.problem)
  if (said.origin !== head.origin) return bad(`the manifest is of another ledger, ${said.origin}`)
  if (said.kind === 'unsigned' && keys.isTrusting)
    return bad(`no key in force at size ${head.size} signed the manifest`)
  if (!equalBytes(said.headerHash, primitives.sha256(headerBytes)))
    return findings.addAt(1, from, 'header', 'the first line is not the one the manifest was signed for')
  if (said.size !== head.size || said.from !== from || said.to !== to || !equalBytes(said.root, head.root))
    return bad('the manifest is of another range or tree than the first line')
  if (found === undefined) return
  const difference = countsDiffer(said, found.counts)
  if (difference !== undefined) bad(`the manifest ${difference}`)
  if (said.erasures !== found.counts.erasures)
    bad(
      `the manifest counts ${said.erasures} erasures after the range, the file has ${found.counts.erasures}`,
    )
}

function judgeRoot(
  { header: { from, to, head }, findings, primitives }: ReadExport,
  { line, parsed: { before, after } }: PlacedManifest,
  hashes: readonly Uint8Array[],
): void {
  const whole = new CompactRange(primitives.sha256, 0)
  const fits =
    whole.appendSubtrees(from, before) &&
    whole.appendSubtrees(to, hashes) &&
    whole.appendSubtrees(head.size, after)
  if (!fits) return findings.addAt(line, to, 'manifest', 'not the hashes that stand beside the range')
  if (equalBytes(whole.root(), head.root) || findings.hasAltered) return
  findings.addAt(
    line,
    from,
    'root',
    'the range does not give the signed root, and nothing says which line is wrong',
  )
}
