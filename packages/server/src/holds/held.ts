/** Which entries and texts legal holds keep. */
import { parseQuery } from '@trailproof/core/query'
import { concerns, namer } from '../erasure/data-subject.ts'
import type { ReadEntry } from '../ledger/read-entry.ts'
import { entryFilter } from '../search/entry-filter.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { StoredHold } from './hold-store.ts'

export interface HeldBy {
  /** Names of the holds that keep an entry. */
  entry(entry: ReadEntry): readonly string[]
  /** Names of the holds of people whom a text names. */
  text(text: string): readonly string[]
}

export function heldBy(holds: readonly StoredHold[]): HeldBy {
  const tests = holds.map((hold) => ({ name: hold.name, ...testOf(hold) }))
  return {
    entry: (entry) => tests.filter(({ entry: isHeld }) => isHeld(entry)).map(({ name }) => name),
    text: (text) => tests.filter(({ text: isHeld }) => isHeld(text)).map(({ name }) => name),
  }
}

interface Test {
  readonly entry: (entry: ReadEntry) => boolean
  readonly text: (text: string) => boolean
}

function testOf({ records, heldAt }: StoredHold): Test {
  switch (records.kind) {
    case 'query':
      return { entry: entryFilter(parseQuery(records.query).filter, heldAt), text: () => false }
    case 'range':
      return { entry: ({ index }) => index >= records.from && index < records.to, text: () => false }
    case 'subject': {
      const subject = { id: records.id, type: records.type }
      const entry = ({ personal }: ReadEntry) => personal !== undefined && concerns(personal.text, subject)
      return { entry, text: namer(subject) }
    }
  }
}

/** What was to be erased is held: nothing of it is erased. */
export class Held extends TrailproofError {
  /** Ledger and index of an entry, and the names of what holds it. */
  readonly entries: readonly {
    readonly ledger: string
    readonly index: number
    readonly holds: readonly string[]
  }[]

  constructor(entries: Held['entries']) {
    const names = [...new Set(entries.flatMap(({ holds }) => holds))].toSorted()
    super('HELD', `${entries.length} of the records are held by: ${names.join(', ')}`)
    this.entries = entries
  }
}
