/** Records as a caller sees them: what is masked is left out, and its names are said whether it was there or not. */
import type { RecordView } from '@trailproof/core'
import { resolveField } from '@trailproof/core/query'
import type { ReadEntry } from '../ledger/read-entry.ts'
import { recordView } from '../ledger/record-view.ts'
import { type Sight, seesWhole } from './sight.ts'

/** What of the personal group a sight shows. */
export type Seen = Pick<Sight, 'personal' | 'hidden'>

export function seenRecord(ledger: string, entry: ReadEntry, sight: Seen): RecordView {
  if (seesWhole(sight)) return recordView(ledger, entry)
  const seen = recordView(ledger, seenEntry(entry, sight))
  if (sight.personal === 'shown') return { ...seen, masked: sight.hidden }
  // Whether there was anything to mask is not said: somebody may have been erased.
  const { erased: _, ...core } = seen
  return { ...core, masked: ['personal'] }
}

/** For what reads groups: the personal one without what is hidden, or none. Its bytes are then not those of the leaf. */
export function seenEntry(entry: ReadEntry, sight: Seen): ReadEntry {
  if (seesWhole(sight) || entry.personal === undefined) return entry
  if (sight.personal === 'masked') return { ...entry, personal: undefined }
  const group = JSON.parse(entry.personal.text) as unknown
  for (const steps of hiddenSteps(sight.hidden)) removeAt(group, steps, 0)
  return { ...entry, personal: { ...entry.personal, text: JSON.stringify(group) } }
}

function hiddenSteps(hidden: readonly string[]): string[][] {
  return hidden.flatMap((name) => (resolveField(name)?.places ?? []).map(({ path }) => path.split('.')))
}

/** Lists are looked through, and members may have dots in their names, as where queries find them. */
function removeAt(value: unknown, steps: readonly string[], at: number): void {
  if (Array.isArray(value)) for (const item of value) removeAt(item, steps, at)
  if (typeof value !== 'object' || value === null) return
  const members = value as Record<string, unknown> // an object that came from JSON
  for (let end = at + 1; end <= steps.length; end++) {
    const name = steps.slice(at, end).join('.')
    if (!Object.hasOwn(members, name)) continue
    if (end === steps.length) delete members[name]
    else removeAt(members[name], steps, end)
  }
}
