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
  const reaching = (await writer.listedErasures(ledger)).filter(({ ranges }) =>
    ranges.some((erased) => erased.from < to && erased.to > from),
  )
  for (const { record } of reaching) {
    const index = await reader.find(ledger, decodeUuid(record.id)!)
    // Not committed yet: then nothing is destroyed yet either.
    if (index === undefined) continue
    if (query === '' && index >= from && index < to) continue
    const later = index < size ? undefined : { size: view.size, checkpoint: view.checkpoint }
    const { line, proof } = await reader.exportEntry(ledger, index, later?.size ?? size)
    const rest = JSON.stringify({ proof: proof.map(base64), checkpoint: later?.checkpoint ?? null })
    yield `{"entry":${Buffer.from(line).toString()},${rest.slice(1)}\n`
  }
}
