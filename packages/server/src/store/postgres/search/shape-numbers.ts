/** For the indexer: the numbers of a ledger's shapes, and those that are new. */
import { OTHER_SHAPE, shapeText } from '../../../search/shape.ts'

export class ShapeNumbers {
  readonly #ids: Map<string, number>
  readonly #shapesMax: number
  readonly #added: { readonly id: number; readonly fields: string }[] = []

  constructor(ids: ReadonlyMap<string, number>, shapesMax: number) {
    this.#ids = new Map(ids)
    this.#shapesMax = shapesMax
  }

  get all(): ReadonlyMap<string, number> {
    return this.#ids
  }

  /** Not in the database yet. */
  get added(): readonly { readonly id: number; readonly fields: string }[] {
    return this.#added
  }

  idOf(core: Readonly<Record<string, unknown>>): number {
    const fields = shapeText(core)
    const known = this.#ids.get(fields)
    if (known !== undefined) return known
    if (this.#ids.size >= this.#shapesMax) return OTHER_SHAPE
    const id = this.#ids.size + 1
    this.#ids.set(fields, id)
    this.#added.push({ id, fields })
    return id
  }
}
