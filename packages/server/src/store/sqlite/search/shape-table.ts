/** The shapes that the index knows, in memory as far as they are needed. */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { OTHER_SHAPE, parseShape, SHAPES_MAX, type Shape, shapeText } from '../../../search/shape.ts'

/** For the indexer: gives shapes their numbers. */
export class ShapeWriter {
  readonly #ids = new Map<string, number>()
  readonly #all: StatementSync
  readonly #insert: StatementSync
  readonly #forget: StatementSync
  readonly #shapesMax: number

  constructor(db: DatabaseSync, shapesMax = SHAPES_MAX) {
    this.#all = db.prepare('SELECT id, fields FROM shape WHERE id > 0')
    this.#insert = db.prepare('INSERT INTO shape (id, fields) VALUES (?, ?)')
    this.#forget = db.prepare(
      "UPDATE shape SET fields = '[' || id || ']' WHERE id = ? AND id > 0 AND entries <= 0",
    )
    this.#shapesMax = shapesMax
    this.reload()
  }

  /** As they are in the file: after a transaction that was rolled back. */
  reload(): void {
    this.#ids.clear()
    for (const { id, fields } of this.#all.all()) this.#ids.set(fields as string, id as number)
  }

  /** Of a shape that no entry has any more nothing stays but its number. */
  forgetUnused(ids: Iterable<number>): void {
    for (const id of ids) this.#forget.run(id)
    this.reload()
  }

  /** The number of the shape of a core group; a new one is written within the caller's transaction. */
  idOf(core: Readonly<Record<string, unknown>>): number {
    const text = shapeText(core)
    const known = this.#ids.get(text)
    if (known !== undefined) return known
    if (this.#ids.size >= this.#shapesMax) return OTHER_SHAPE
    const id = this.#ids.size + 1
    this.#insert.run(id, text)
    this.#ids.set(text, id)
    return id
  }
}

/** For searches: all shapes, read on as they are added. */
export class ShapeReader {
  readonly #shapes = new Map<number, Shape>()
  readonly #newer: StatementSync
  readonly #entries: StatementSync
  readonly #entriesOf: StatementSync

  constructor(db: DatabaseSync) {
    this.#newer = db.prepare('SELECT id, fields FROM shape WHERE id > ? ORDER BY id')
    this.#entries = db.prepare('SELECT id, entries FROM shape')
    this.#entriesOf = db.prepare('SELECT entries FROM shape WHERE id = ?')
  }

  all(): ReadonlyMap<number, Shape> {
    for (const { id, fields } of this.#newer.all(this.#shapes.size))
      this.#shapes.set(id as number, parseShape(fields as string))
    return this.#shapes
  }

  /** Whether some entries have shapes that the index does not know. */
  hasOthers(): boolean {
    return (this.#entriesOf.get(OTHER_SHAPE)!['entries'] as number) > 0
  }

  /** Share of all entries that have one of these shapes. */
  shareOf(shapes: ReadonlySet<number>): number {
    let some = 0
    let all = 0
    for (const { id, entries } of this.#entries.all() as { id: number; entries: number }[]) {
      all += entries
      if (shapes.has(id)) some += entries
    }
    return all === 0 ? 0 : some / all
  }
}
