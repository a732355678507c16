/** Keeps the search index up to date: rows, terms, zones and rollups of a step, in one transaction. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { compileField, parseDecimal, recordTimeMs, resolveField } from '@trailproof/core/query'
import type { IndexedEntry } from '../../../search/search-index.ts'
import { inTransaction } from '../database.ts'
import { positionOf } from '../ledger-position.ts'
import { ActorWriter } from './actor-table.ts'
import { MINUTE_MS, ROLLUP_STEPS } from './rollup.ts'
import { SEVERAL_STATUSES } from './row-conditions.ts'
import { ShapeWriter } from './shape-table.ts'
import { entryText } from './terms.ts'

/** Positions of which the index keeps the earliest and the latest time. */
export const ZONE_POSITIONS = 4096

const anyStatus = compileField(resolveField('response.status')!)

interface KnownLedger {
  readonly id: number
  readonly cursor: number
}

export class IndexWriter {
  readonly #db: DatabaseSync
  readonly #shapes: ShapeWriter
  readonly #actors: ActorWriter
  readonly #ledger: StatementSync
  readonly #insertRow: StatementSync
  readonly #insertTerms: StatementSync
  readonly #moveCursor: StatementSync
  readonly #widenZone: StatementSync
  readonly #addToRollup: StatementSync
  readonly #addToShape: StatementSync

  constructor(db: DatabaseSync, shapesMax?: number) {
    this.#db = db
    this.#shapes = new ShapeWriter(db, shapesMax)
    this.#actors = new ActorWriter(db)
    this.#ledger = db.prepare('SELECT id, cursor FROM indexed_ledger WHERE name = ?')
    this.#insertRow = db.prepare('INSERT INTO indexed_entry VALUES (?, ?, ?, ?, ?, ?, ?)')
    this.#insertTerms = db.prepare('INSERT INTO entry_term (rowid, terms) VALUES (?, ?)')
    this.#moveCursor = db.prepare('UPDATE indexed_ledger SET cursor = ? WHERE id = ?')
    this.#widenZone = db.prepare(`INSERT INTO zone VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET
      min_ms = min(min_ms, ?2), max_ms = max(max_ms, ?3)`)
    this.#addToRollup = db.prepare(`INSERT INTO rollup VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE SET
      entries = entries + ?5`)
    this.#addToShape = db.prepare('UPDATE shape SET entries = entries + ? WHERE id = ?')
  }

  apply(ledger: string, entries: readonly IndexedEntry[], cursor: number): void {
    this.#inTransaction(() => {
      const known = this.#find(ledger) ?? this.#add(ledger)
      const step = new StepTotals()
      for (const entry of entries) {
        if (entry.index < known.cursor) continue
        const { core, personal } = entry
        const position = positionOf(known.id, entry.index)
        const shape = this.#shapes.idOf(core)
        const at = recordTimeMs(entry)
        const actor = this.#actors.idOf(actorOf(entry))
        const status = statusOf(entry)
        this.#insertRow.run(
          position,
          at,
          shape,
          actor,
          status,
          numberOf(core['latency_ms']),
          personal ? 0 : 1,
        )
        this.#insertTerms.run(position, entryText(entry, shape))
        step.add(position, at, shape)
      }
      for (const [zone, { min, max }] of step.zones) this.#widenZone.run(zone, min, max)
      for (const { step: minutes, slots } of step.rollups)
        for (const [slot, shapes] of slots)
          for (const [shape, count] of shapes) this.#addToRollup.run(known.id, minutes, slot, shape, count)
      for (const [shape, count] of step.shapes) this.#addToShape.run(count, shape)
      if (cursor > known.cursor) this.#moveCursor.run(cursor, known.id)
    })
  }

  eraseEntries(ledger: string, entries: readonly IndexedEntry[]): void {
    const known = this.#find(ledger)
    if (!known) return
    const row = this.#db.prepare('SELECT shape, erased FROM indexed_entry WHERE position = ?')
    const remove = this.#db.prepare(
      "INSERT INTO entry_term (entry_term, rowid, terms) VALUES ('delete', ?, ?)",
    )
    const mark = this.#db.prepare(
      'UPDATE indexed_entry SET erased = 1, actor = NULL, status = NULL WHERE position = ?',
    )
    this.#inTransaction(() => {
      for (const entry of entries) {
        const position = positionOf(known.id, entry.index)
        const { shape, erased } = (row.get(position) ?? {}) as { shape?: number; erased?: number }
        if (shape === undefined || erased !== 0 || !entry.personal) continue
        remove.run(position, entryText(entry, shape))
        this.#insertTerms.run(position, entryText({ ...entry, personal: undefined }, shape))
        mark.run(position)
        this.#actors.forgetUnused(actorOf(entry))
      }
    })
    this.#shrink()
  }

  /** Forgets every ledger: terms cannot be dropped by ledger without their texts. Shapes keep their numbers. */
  reset(ledger: string): void {
    if (!this.#find(ledger)) return
    this.#inTransaction(() => {
      this.#db.exec(`INSERT INTO entry_term (entry_term) VALUES ('delete-all');
        DELETE FROM indexed_entry; DELETE FROM zone; DELETE FROM rollup; DELETE FROM actor;
        UPDATE shape SET entries = 0; UPDATE indexed_ledger SET cursor = 0`)
      this.#actors.clear()
    })
    this.#shrink()
  }

  /** Gives pages back, and leaves nothing behind in the WAL. */
  #shrink(): void {
    this.#db.exec('PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)')
  }

  #inTransaction(work: () => void): void {
    try {
      inTransaction(this.#db, work)
    } catch (error) {
      this.#shapes.reload()
      this.#actors.clear()
      throw error
    }
  }

  #find(ledger: string): KnownLedger | undefined {
    return this.#ledger.get(ledger) as KnownLedger | undefined
  }

  #add(ledger: string): KnownLedger {
    const { lastInsertRowid } = this.#db
      .prepare('INSERT INTO indexed_ledger (name, cursor) VALUES (?, 0)')
      .run(ledger)
    return { id: Number(lastInsertRowid), cursor: 0 }
  }
}

/** What a step adds up before it is written: a row a slot and shape instead of a row an entry. */
class StepTotals {
  readonly zones = new Map<number, { min: number; max: number }>()
  readonly shapes = new Map<number, number>()
  readonly rollups = ROLLUP_STEPS.map((step) => ({ step, slots: new Map<number, Map<number, number>>() }))

  add(position: number, at: number, shape: number): void {
    const number = Math.floor(position / ZONE_POSITIONS)
    const zone = this.zones.get(number)
    if (!zone) this.zones.set(number, { min: at, max: at })
    else if (at < zone.min) zone.min = at
    else if (at > zone.max) zone.max = at
    addOne(this.shapes, shape)
    for (const { step, slots } of this.rollups) {
      const slot = Math.floor(at / (step * MINUTE_MS))
      let shapes = slots.get(slot)
      if (!shapes) slots.set(slot, (shapes = new Map<number, number>()))
      addOne(shapes, shape)
    }
  }
}

function addOne(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function actorOf({ personal }: IndexedEntry): string | undefined {
  const id = memberOf(personal?.['actor'], 'id')
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** The response's status; null where there is none that is a number. */
function statusOf(entry: IndexedEntry): number | null {
  const numbers = new Set<number>()
  anyStatus(entry, (value) => {
    const number = numberOf(value)
    if (number !== null) numbers.add(number)
    return false
  })
  if (numbers.size > 1) return SEVERAL_STATUSES
  return numbers.size === 1 ? [...numbers][0]! : null
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  return (typeof value === 'string' ? parseDecimal(value) : undefined) ?? null
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
