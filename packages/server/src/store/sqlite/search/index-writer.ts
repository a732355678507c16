/** Keeps the search index up to date: rows, terms, zones and rollups of a step, in one transaction. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { actorOf, indexRow } from '../../../search/index-row.ts'
import type { IndexedEntry } from '../../../search/search-index.ts'
import { StepTotals } from '../../../search/step-totals.ts'
import { entryText } from '../../../search/terms.ts'
import { inTransaction } from '../database.ts'
import { positionOf } from '../ledger-position.ts'
import { ActorWriter } from './actor-table.ts'
import { ShapeWriter } from './shape-table.ts'

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
        const position = positionOf(known.id, entry.index)
        const shape = this.#shapes.idOf(entry.core)
        const { at, actor, status, latencyMs } = indexRow(entry)
        const erased = entry.personal ? 0 : 1
        this.#insertRow.run(position, at, shape, this.#actors.idOf(actor), status, latencyMs, erased)
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

  /** Rows, terms and counts of entries, and what shapes say that no entry has; those keep their numbers, and zones stay as wide as they were. */
  forgetEntries(ledger: string, entries: readonly IndexedEntry[]): void {
    const known = this.#find(ledger)
    if (!known) return
    const row = this.#db.prepare('SELECT timestamp_ms, shape, erased FROM indexed_entry WHERE position = ?')
    const drop = this.#db.prepare('DELETE FROM indexed_entry WHERE position = ?')
    const dropTerms = this.#db.prepare(
      "INSERT INTO entry_term (entry_term, rowid, terms) VALUES ('delete', ?, ?)",
    )
    const dropEmpty = this.#db.prepare(
      'DELETE FROM rollup WHERE ledger = ? AND step = ? AND slot = ? AND shape = ? AND entries <= 0',
    )
    this.#inTransaction(() => {
      const gone = new StepTotals()
      for (const entry of entries) {
        const position = positionOf(known.id, entry.index)
        const found = row.get(position) as { timestamp_ms: number; shape: number; erased: number } | undefined
        if (!found) continue
        const { timestamp_ms: at, shape, erased } = found
        const indexed = erased === 0 ? entry : { ...entry, personal: undefined }
        dropTerms.run(position, entryText(indexed, shape))
        drop.run(position)
        if (erased === 0) this.#actors.forgetUnused(actorOf(entry))
        gone.add(position, at, shape)
      }
      for (const { step, slots } of gone.rollups)
        for (const [slot, shapes] of slots)
          for (const [shape, count] of shapes) {
            this.#addToRollup.run(known.id, step, slot, shape, -count)
            dropEmpty.run(known.id, step, slot, shape)
          }
      for (const [shape, count] of gone.shapes) this.#addToShape.run(-count, shape)
      this.#shapes.forgetUnused(gone.shapes.keys())
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
