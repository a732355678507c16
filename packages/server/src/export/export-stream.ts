/** An export as pieces of bytes, each made when the one before was taken: memory holds two blocks, whatever the range. */
import { EXPORT_FORMAT, EXPORT_MARK_ENTRIES, type ExportCounts } from '@trailproof/core'
import { seesWhole } from '../access/sight.ts'
import { BLOCK_ENTRIES } from '../ledger/ledger-store.ts'
import { sha256 } from '../process/sha256.ts'
import { csvTitles } from './csv-row.ts'
import { erasureLines } from './erasure-lines.ts'
import type { Export, ExportDeps, ExportRange } from './export.ts'
import type { ExportShape } from './export-block.ts'
import { type ExportMark, markLine } from './export-mark.ts'
import { base64 } from './proven-lines.ts'

export type Pieces = AsyncGenerator<Uint8Array | string>

/** CSV and OCSF: readable by others, without proof. */
export async function* plainExport({ shape, range }: Export, deps: ExportDeps): Pieces {
  if (shape.format === 'csv') yield csvTitles(shape.fields)
  for await (const { bytes } of blocks(shape, range, deps)) if (bytes.length > 0) yield bytes
}

/**
 * The first line, which an interrupted export has to begin with again to the byte: everything in it is asked for
 * with the range, and Ed25519 signatures of one text by one key are the same.
 */
export async function exportHeader({ shape, range }: Export, { writer }: ExportDeps): Promise<ExportHeader> {
  const { ledger, query, atMs, seen } = shape
  const { from, to, size } = range
  const checkpoint = await writer.exportCheckpoint(ledger, size)
  const at = new Date(atMs).toISOString()
  const withholds = seesWhole(seen) ? undefined : 'personal'
  const line = JSON.stringify({ format: EXPORT_FORMAT, ledger, from, to, at, query, withholds, checkpoint })
  return { line, hash: sha256(Buffer.from(line)), checkpoint }
}

export interface ExportHeader {
  readonly line: string
  readonly hash: Uint8Array
  readonly checkpoint: string
}

/** An export that proves itself: its header, and what `provenRest` gives from the beginning. */
export async function* provenExport(asked: Export, header: ExportHeader, deps: ExportDeps): Pieces {
  yield `${header.line}\n`
  yield* provenRest(asked, header, { index: asked.range.from, shown: 0, withheld: 0, erased: 0 }, deps)
}

/** What follows a mark: entries, marks, the erasures they need, and the signed manifest. */
export async function* provenRest(
  asked: Export,
  header: ExportHeader,
  after: ExportMark,
  deps: ExportDeps,
): Pieces {
  const { shape, range } = asked
  const { from, to, size } = range
  let counts: ExportCounts = { shown: after.shown, withheld: after.withheld, erased: after.erased }
  for await (const block of blocks(shape, { ...range, from: after.index }, deps)) {
    yield block.bytes
    counts = sum(counts, block)
    if (block.next % EXPORT_MARK_ENTRIES === 0 && block.next < to)
      yield markLine(deps.cursorKey, header.hash, { index: block.next, ...counts })
  }
  let erasures = 0
  if (counts.erased > 0)
    for await (const line of erasureLines(asked, deps)) {
      yield line
      erasures++
    }
  const claims = { from, to, headerHash: header.hash, ...counts, erasures }
  const manifest = await deps.writer.exportManifest(shape.ledger, header.checkpoint, claims)
  const before = await deps.reader.subtreeHashes(shape.ledger, 0, from, size)
  const behind = await deps.reader.subtreeHashes(shape.ledger, to, size, size)
  yield `${JSON.stringify({ manifest, before: before.map(base64), after: behind.map(base64) })}\n`
}

interface Block extends ExportCounts {
  readonly bytes: Uint8Array
  /** Index of the entry after these. */
  readonly next: number
}

/** While one block is on its way to the client the reader makes the next one, and no more. */
async function* blocks(
  shape: ExportShape,
  { from, to }: ExportRange,
  { reader }: Pick<ExportDeps, 'reader'>,
): AsyncGenerator<Block> {
  const read = async (at: number): Promise<Block> => {
    const next = Math.min(to, (Math.floor(at / BLOCK_ENTRIES) + 1) * BLOCK_ENTRIES)
    const block = await reader.exportBlock(shape, at, next)
    const count = block.shown + block.withheld
    if (count !== next - at)
      throw new Error(`ledger ${shape.ledger} gave ${count} entries from ${at} to ${next}`)
    return { ...block, next }
  }
  let reading = from < to ? read(from) : undefined
  while (reading) {
    const block: Block = await reading
    reading = block.next < to ? read(block.next) : undefined
    reading?.catch(() => undefined) // told when it is awaited, if anybody still asks
    yield block
  }
}

function sum(a: ExportCounts, b: ExportCounts): ExportCounts {
  return { shown: a.shown + b.shown, withheld: a.withheld + b.withheld, erased: a.erased + b.erased }
}
