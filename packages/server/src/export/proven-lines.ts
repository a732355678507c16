/**
 * Entries as lines that prove themselves (spec/export.md): what matches with its exact bytes and salts, what does
 * not as the hashes of the subtrees it fills, which say nothing of its content.
 */
import { CompactRange, type ExportCounts, leafHasher, sealLine } from '@trailproof/core'
import { recordedAtOf } from '../ledger/leaf-time.ts'
import type { StoredEntry, StoredGroup } from '../ledger/ledger-store.ts'
import { formatMicros } from '../process/format-time.ts'
import { sha256 } from '../process/sha256.ts'
import type { ByteWriter } from './byte-writer.ts'

/** A group that is withheld stands in its line as one that was erased does; the header says which it is. */
const NOT_HERE: StoredGroup = { kind: 'erased' }
const hashLeaf = leafHasher(sha256)

export function writeProvenLines(
  entries: readonly StoredEntry[],
  isShown: (entry: StoredEntry) => boolean,
  withPersonal: boolean,
  out: ByteWriter,
): ExportCounts {
  const counts = { shown: 0, withheld: 0, erased: 0 }
  let run: { from: number; range: CompactRange } | undefined
  for (const entry of entries) {
    if (isShown(entry)) {
      if (run) writeWithheld(run.from, run.range, out)
      run = undefined
      // Nor whether it was erased is said to who does not see it.
      writeEntry(withPersonal ? entry : { ...entry, personal: NOT_HERE }, out)
      out.text('\n')
      counts.shown++
      if (entry.core.kind === 'erased' || (withPersonal && entry.personal.kind === 'erased')) counts.erased++
    } else {
      run ??= { from: entry.index, range: new CompactRange(sha256, entry.index) }
      run.range.appendLeaf(hashLeaf(entry.leaf))
      counts.withheld++
    }
  }
  // With its block a run ends too: lines do not depend on how an export is cut.
  if (run) writeWithheld(run.from, run.range, out)
  return counts
}

/** The groups' bytes stand in the line as they are stored: whoever checks them hashes them as they stand. */
export function writeEntry({ index: at, leaf, core, personal }: StoredEntry, out: ByteWriter): void {
  const recordedAt = formatMicros(recordedAtOf(leaf))
  const salts = `${saltOf(core)},${saltOf(personal)}`
  const begin = `{"index":${at},"recorded_at":"${recordedAt}","leaf":"${base64(leaf)}","salts":[${salts}],"core":`
  if (core.kind === 'present' && personal.kind === 'present') {
    out.text(begin)
    out.bytes(core.bytes)
    out.text(',"personal":')
    out.bytes(personal.bytes)
    out.text('}')
  } // Nothing here is left that the commitment of what is gone could be checked with.
  else out.text(sealLine(sha256, `${begin}${textOf(core)},"personal":${textOf(personal)}}`))
}

function textOf(group: StoredGroup): string {
  return group.kind === 'present' ? Buffer.from(group.bytes).toString() : 'null'
}

function saltOf(group: StoredGroup): string {
  return group.kind === 'present' ? `"${base64(group.salt)}"` : 'null'
}

function writeWithheld(from: number, { end, hashes }: CompactRange, out: ByteWriter): void {
  out.text(`${sealLine(sha256, JSON.stringify({ from, to: end, hashes: hashes.map(base64) }))}\n`)
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
