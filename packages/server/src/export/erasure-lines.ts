/** The entries that say by whom exported content was erased, where the export itself does not show them. */
import { decodeUuid } from '@trailproof/core'
import type { Export, ExportDeps } from './export.ts'
import { base64 } from './proven-lines.ts'

/** One line each, with a path to the export's checkpoint, or to the newest one for an erasure that came later. */
export async function* erasureLines(
  { view, shape, range }: Export,
  { reader, writer }: ExportDeps,
): AsyncGenerator<string> {
  const { ledger, query } = shape
  const { from, to, size } = range
  // What a successor has said is not in this ledger's tree, and cannot be shown here.
  const reaching = (await writer.listedErasures(ledger)).filter(
    ({ ledger: successor, ranges }) =>
      successor === undefined && ranges.some((erased) => erased.from < to && erased.to > from),
  )
  const indexes: number[] = []
  for (const { record } of reaching)
    indexes.push((await reader.find(ledger, decodeUuid(record.id)!)) ?? Infinity)
  // One for all that came later; what is listed and not signed yet has destroyed nothing yet either.
  const newest = { size: view.size, checkpoint: view.checkpoint }
  let number = 0
  for (const at of indexes) {
    if (at >= newest.size || (query === '' && at >= from && at < to)) continue
    const later = at < size ? undefined : newest
    const { line, proof } = await reader.exportEntry(ledger, at, later?.size ?? size)
    const rest = JSON.stringify({ proof: proof.map(base64), checkpoint: later?.checkpoint ?? null })
    yield `{"erasure":${number++},"entry":${Buffer.from(line).toString()},${rest.slice(1)}\n`
  }
}
