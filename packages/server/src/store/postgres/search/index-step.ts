/** One step of the indexer: its rows, made while they are sent, and afterwards what they add up to. */
import pg from 'pg'
import { indexRow } from '../../../search/index-row.ts'
import { SEVERAL_STATUSES } from '../../../search/row-conditions.ts'
import type { IndexedEntry } from '../../../search/search-index.ts'
import { OTHER_SHAPE } from '../../../search/shape.ts'
import { StepTotals } from '../../../search/step-totals.ts'
import { entryTerms, shapeTerm } from '../../../search/terms.ts'
import { CUT_TERM, EntryRows, fitsRow } from './entry-rows.ts'
import { integers } from './integers.ts'
import type { ShapeNumbers } from './shape-numbers.ts'

/** The row that whoever changes anything of a ledger's index holds the lock on. */
export interface LockedLedger {
  readonly id: number
  readonly cursor: number
  readonly generation: number
  readonly part_entries: number
  readonly parts: number
  readonly shapes: number
}

export class IndexStep {
  readonly shapes: ShapeNumbers
  readonly #ledger: LockedLedger
  readonly #totals = new StepTotals()
  /** What is true of some entry of a step stays true of the ledger. */
  readonly #flags = { otherShapes: false, severalStatuses: false, cutTerms: false }

  constructor(ledger: LockedLedger, shapes: ShapeNumbers) {
    this.#ledger = ledger
    this.shapes = shapes
  }

  /** The data of COPY. */
  *rowsOf(entries: readonly IndexedEntry[]): Generator<Uint8Array> {
    const rows = new EntryRows()
    for (const entry of entries) {
      this.#add(rows, entry)
      yield* rows.takeFull()
    }
    yield* rows.end()
  }

  #add(rows: EntryRows, entry: IndexedEntry): void {
    const { index } = entry
    const row = indexRow(entry)
    const shape = this.shapes.idOf(entry.core)
    let terms = entryTerms(entry, shape)
    if (!fitsRow(terms)) {
      terms = new Set([shapeTerm(shape), CUT_TERM])
      this.#flags.cutTerms = true
    }
    const part = partOf(this.#ledger, index)
    rows.add({ ...row, ledgerId: this.#ledger.id, part, shape, index, erased: !entry.personal, terms })
    this.#totals.add(index, row.at, shape)
    this.#flags.otherShapes ||= shape === OTHER_SHAPE
    this.#flags.severalStatuses ||= row.status === SEVERAL_STATUSES
  }

  /** Once all rows are made. Only numbers, flags and quoted texts go into it. */
  statements(schema: string, cursor: number): string {
    const { id } = this.#ledger
    const statements: string[] = []
    if (this.shapes.added.length > 0)
      statements.push(
        `INSERT INTO ${schema}.shape (ledger, id, fields) VALUES ${this.shapes.added
          .map((shape) => `(${id}, ${shape.id}, ${pg.escapeLiteral(shape.fields)})`)
          .join(', ')}`,
      )
    const zones = [...this.#totals.zones]
    statements.push(
      `INSERT INTO ${schema}.zone SELECT ${id}, * FROM unnest(${integers(zones.map(([zone]) => zone))}::integer[],
      ${integers(zones.map(([, { min }]) => min))}, ${integers(zones.map(([, { max }]) => max))})
      ON CONFLICT (ledger, zone) DO UPDATE
        SET min_ms = least(zone.min_ms, excluded.min_ms), max_ms = greatest(zone.max_ms, excluded.max_ms)`,
    )
    for (const { step, slots } of this.#totals.rollups) {
      const cells = [...slots].flatMap(([slot, shapes]) =>
        [...shapes].map(([shape, entries]) => ({ slot, shape, entries })),
      )
      statements.push(
        `INSERT INTO ${schema}.rollup (ledger, step, slot, shape, entries)
        SELECT ${id}, ${step}, * FROM unnest(${integers(cells.map(({ slot }) => slot))},
          ${integers(cells.map(({ shape }) => shape))}::integer[], ${integers(cells.map(({ entries }) => entries))})
        ON CONFLICT (ledger, step, slot, shape) DO UPDATE SET entries = rollup.entries + excluded.entries`,
      )
    }
    const shapes = [...this.#totals.shapes]
    statements.push(
      `UPDATE ${schema}.shape SET entries = entries + added.count
      FROM unnest(${integers(shapes.map(([shape]) => shape))}, ${integers(shapes.map(([, count]) => count))})
        AS added (shape, count) WHERE ledger = ${id} AND id = added.shape`,
      `UPDATE ${schema}.indexed_ledger SET cursor = ${cursor}, shapes = shapes + ${this.shapes.added.length},
      other_shapes = other_shapes OR ${this.#flags.otherShapes},
      several_statuses = several_statuses OR ${this.#flags.severalStatuses}, cut_terms = cut_terms OR ${this.#flags.cutTerms}
      WHERE id = ${id} AND cursor = ${this.#ledger.cursor}`,
    )
    return statements.join(';\n')
  }
}

export function partOf({ part_entries }: LockedLedger, index: number): number {
  return Math.floor(index / part_entries)
}
