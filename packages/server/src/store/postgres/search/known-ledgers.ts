/** What a search needs to know of a ledger's index before it asks: how far it goes, and its shapes. */
import type { KnownShapes } from '../../../search/filter-plan.ts'
import { parseShape, type Shape } from '../../../search/shape.ts'
import { TrailproofError } from '../../../trailproof-error.ts'
import type { Connections } from '../connections.ts'

/** Shapes kept in memory, of all ledgers; all are forgotten when there are more. */
const REMEMBERED_MAX = 262_144
/** Of all entries: below this share, looking shapes up as terms reads less than reading rows. */
const SPARSE_SHARE = 1 / 50
/** Each but the first follows a reset that came in between. */
const ATTEMPTS = 5

export interface KnownLedger extends KnownShapes {
  readonly id: number
  readonly cursor: number
  /** Entries in one partition. */
  readonly partEntries: number
  /** Some entries had more terms than an index takes, and are found by `CUT_TERM` alone. */
  readonly cutTerms: boolean
}

interface LedgerRow {
  readonly id: number
  readonly cursor: number
  readonly generation: number
  readonly part_entries: number
  readonly shapes: number
  readonly other_shapes: boolean
  readonly several_statuses: boolean
  readonly cut_terms: boolean
}

interface Remembered {
  readonly generation: number
  readonly shapes: Map<number, Shape>
}

export class KnownLedgers {
  readonly #connections: Connections
  readonly #schema: string
  readonly #shapes = new Map<number, Remembered>()

  constructor(connections: Connections, schema: string) {
    this.#connections = connections
    this.#schema = schema
  }

  async find(ledger: string): Promise<KnownLedger | undefined> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const [row] = await this.#connections.read<LedgerRow>(
        `SELECT id, cursor, generation, part_entries, shapes, other_shapes, several_statuses, cut_terms
          FROM ${this.#schema}.indexed_ledger WHERE name = $1`,
        [ledger],
      )
      if (!row) return undefined
      const shapes = await this.#shapesOf(row)
      if (!shapes) continue
      return {
        id: row.id,
        cursor: row.cursor,
        partEntries: row.part_entries,
        shapes,
        others: row.other_shapes,
        severalStatuses: row.several_statuses,
        cutTerms: row.cut_terms,
      }
    }
    throw new TrailproofError('OVERLOADED', `the index of ${ledger} is being reset`, { retryable: true })
  }

  /** Whether few entries have these shapes. */
  async areSparse({ id, cursor }: KnownLedger, shapes: ReadonlySet<number>): Promise<boolean> {
    const [row] = await this.#connections.read<{ entries: number | null }>(
      `SELECT sum(entries)::bigint AS entries FROM ${this.#schema}.shape WHERE ledger = $1 AND id = ANY ($2)`,
      [id, [...shapes]],
    )
    return (row!.entries ?? 0) < SPARSE_SHARE * cursor
  }

  /** Read on as they are added; undefined when the ledger was reset in between. */
  async #shapesOf({ id, generation, shapes }: LedgerRow): Promise<ReadonlyMap<number, Shape> | undefined> {
    let known = this.#shapes.get(id)
    if (known?.generation !== generation) known = { generation, shapes: new Map() }
    if (known.shapes.size < shapes) {
      const rows = await this.#connections.read<{ id: number; fields: string }>(
        `SELECT s.id, s.fields FROM ${this.#schema}.shape AS s JOIN ${this.#schema}.indexed_ledger AS l ON l.id = s.ledger
          WHERE s.ledger = $1 AND s.id > $2 AND l.generation = $3 ORDER BY s.id`,
        [id, known.shapes.size, generation],
      )
      for (const row of rows) known.shapes.set(row.id, parseShape(row.fields))
      if (known.shapes.size < shapes) return undefined
      this.#remember(id, known)
    }
    return known.shapes
  }

  #remember(id: number, known: Remembered): void {
    let size = known.shapes.size
    for (const { shapes } of this.#shapes.values()) size += shapes.size
    if (size > REMEMBERED_MAX) this.#shapes.clear()
    this.#shapes.set(id, known)
  }
}
