/** The parts of an event that can be wrong in themselves: JSON texts, and members that are said twice. */
import { type JsonObject, type Problem, type ProblemCode, pointer, readJson } from '@trailproof/core'

/** Collects what is wrong with an event, and which numbers were kept as texts, while its parts are read. */
export class EventParts {
  readonly problems: Problem[] = []
  /** JSON Pointers, as `Item.coerced`. */
  readonly coerced: string[] = []
  readonly #position: number
  readonly #depthMax: number

  /** `depthMax` counts the record as 1. */
  constructor(position: number, depthMax: number) {
    this.#position = position
    this.#depthMax = depthMax
  }

  note(field: string, code: ProblemCode, message: string): void {
    this.problems.push({ record: this.#position, field, code, message })
  }

  /** The value of a JSON text that stands at `path` of the record; undefined when there is none to be used. */
  json(text: string | undefined, path: string): unknown {
    if (text === undefined) return undefined
    const depth = path.split('/').length - 1
    const read = readJson(text, 0, text.length, this.#depthMax - depth)
    switch (read.kind) {
      case 'value':
        for (const inner of read.coerced) this.coerced.push(path + inner)
        return read.value
      case 'problems':
        for (const { field, code, message } of read.problems) this.note(path + field, code, message)
        return undefined
      case 'broken':
        this.note(path, 'json', `character ${read.at + 1} of the JSON text: ${read.message}`)
    }
  }

  /**
   * `members` with those of a JSON object that could not be said otherwise; undefined when there are neither.
   * A member may be said once only: whichever of two we took, the other would be lost.
   */
  merge(
    members: Readonly<Record<string, unknown>>,
    more: string | undefined,
    path: string,
  ): JsonObject | undefined {
    if (Object.hasOwn(members, '__proto__')) {
      this.note(
        pointer(path, '__proto__'),
        'forbidden_key',
        'the key __proto__ is not allowed: languages disagree on its meaning',
      )
      return undefined
    }
    const read = this.json(more, path)
    if (read === undefined) return isEmpty(members) ? undefined : members
    if (typeof read !== 'object' || read === null || Array.isArray(read)) {
      this.note(path, 'type', 'the JSON text is not an object')
      return undefined
    }
    const merged = read as Record<string, unknown> // made for us by JSON.parse
    for (const name of Object.keys(members))
      if (Object.hasOwn(merged, name))
        this.note(pointer(path, name), 'duplicate_key', 'said twice: as a field and in the JSON text')
      else merged[name] = members[name]
    return merged
  }
}

function isEmpty(members: object): boolean {
  for (const _ in members) return false
  return true
}
