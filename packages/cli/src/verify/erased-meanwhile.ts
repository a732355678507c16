/**
 * Tells what was erased before a ledger was read from what is erased while it is read. The erasure's own entry
 * comes before the destruction, so a checkpoint taken after content was seen to be gone covers the reason; one
 * taken before may not, and an honest ledger would look as if something had vanished.
 */
import type { EvidenceEntry, EvidenceSource } from '@trailproof/verify'

/** Ascending indexes as ranges: memory follows the number of gaps, not of entries. */
export class ErasedIndexes {
  readonly #ranges: { readonly from: number; to: number }[] = []

  /** Indexes come in order; what comes again is known. */
  add(index: number): void {
    const last = this.#ranges.at(-1)
    if (last === undefined || index > last.to) this.#ranges.push({ from: index, to: index + 1 })
    else if (index === last.to) last.to++
  }

  has(index: number): boolean {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ranges[middle]!.to <= index) low = middle + 1
      else high = middle
    }
    const range = this.#ranges[low]
    return range !== undefined && range.from <= index
  }
}

/** What was gone in an earlier reading, group by group. */
export class SeenErased {
  readonly personal = new ErasedIndexes()
  readonly core = new ErasedIndexes()
}

/** The same of each ledger of a chain: what succeeded a ledger is read, too. */
export class SeenOfLedgers {
  readonly #seen = new Map<string, SeenErased>()

  ledger(name: string): SeenErased {
    const known = this.#seen.get(name) ?? new SeenErased()
    this.#seen.set(name, known)
    return known
  }
}

/** Notes in `seen` which entries are shown without their personal group, and which without the core group. */
export function notingErased(source: EvidenceSource, seen: SeenErased): EvidenceSource {
  return mapping(source, (entry, index) => {
    for (const group of ['personal', 'core'] as const)
      if (entry[group].kind === 'erased') seen[group].add(index)
    return entry
  })
}

/** Shows what was not erased in an earlier reading as withheld: whether its erasure is in order, the next one says. */
export function withholdingNewlyErased(source: EvidenceSource, before: SeenErased): EvidenceSource {
  return mapping(source, (entry, index) => withholding(entry, index, before))
}

function withholding(entry: EvidenceEntry, index: number, before: SeenErased): EvidenceEntry {
  const shown = (group: 'core' | 'personal'): EvidenceEntry['core'] =>
    entry[group].kind === 'erased' && !before[group].has(index) ? { kind: 'withheld' } : entry[group]
  return { leaf: entry.leaf, core: shown('core'), personal: shown('personal') }
}

function mapping(
  source: EvidenceSource,
  map: (entry: EvidenceEntry, index: number) => EvidenceEntry,
): EvidenceSource {
  return {
    checkpoint: () => source.checkpoint(),
    readTile: (level, index, width) => source.readTile(level, index, width),
    readEntries: async (from, count) =>
      (await source.readEntries(from, count)).map((entry, at) => map(entry, from + at)),
  }
}
