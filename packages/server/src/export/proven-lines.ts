/**
 * Entries as lines that prove themselves (spec/export.md): what matches with its exact bytes and salts, what does
 * not as the hashes of the subtrees it fills, which say nothing of its content.
 */
import { CompactRange, concatBytes, type ExportCounts, leafHasher } from '@trailproof/core'
import { recordedAtOf } from '../ledger/leaf-time.ts'
import type { StoredEntry, StoredGroup } from '../ledger/ledger-store.ts'
import { formatMicros } from '../process/format-time.ts'
import { sha256 } from '../process/sha256.ts'
import type { ByteWriter } from './byte-writer.ts'

const hashLeaf = leafHasher(sha256)

export function writeProvenLines(
  entries: readonly StoredEntry[],
  isShown: (entry: StoredEntry) => boolean,
  out: ByteWriter,
): ExportCounts {
  const counts = { shown: 0, withheld: 0, erased: 0 }
  let run: { from: number; range: CompactRange } | undefined
  for (const entry of entries) {
    if (isShown(entry)) {
      if (run) writeWithheld(run.from, run.range, out)
      run = undefined
      writeEntry(entry, out)
      out.text('\n')
      counts.shown++
      if (entry.personal.kind === 'erased') counts.erased++
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
  out.text(
    `{"index":${at},"recorded_at":"${recordedAt}","leaf":"${base64(leaf)}","salts":[${saltOf(core)},${saltOf(personal)}],"core":`,
  )
  writeGroup(core, out)
  out.text(',"personal":')
  writeGroup(personal, out)
  out.text('}')
}

function writeGroup(group: StoredGroup, out: ByteWriter): void {
  if (group.kind === 'present') out.bytes(group.bytes)
  else out.text('null')
}

function saltOf(group: StoredGroup): string {
  return group.kind === 'present' ? `"${base64(group.salt)}"` : 'null'
}

function writeWithheld(from: number, { end, hashes }: CompactRange, out: ByteWriter): void {
  const check = Buffer.from(sha256(concatBytes(...hashes)).subarray(0, 4)).toString('hex')
  out.text(`${JSON.stringify({ from, to: end, hashes: hashes.map(base64), check })}\n`)
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
