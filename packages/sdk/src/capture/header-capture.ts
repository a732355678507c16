/** Which headers are kept, and which of them masked, worked out once for each set of names: clients repeat themselves. */

/** Values of one header, in the order they came. */
export type CapturedHeaders = Record<string, readonly string[]>

export interface HeaderRules {
  /** Lower case. Only these are kept; undefined: all. */
  readonly includeHeaders: readonly string[] | undefined
  /** Lower case. Their values are masked. */
  readonly excludeHeaders: readonly string[]
  readonly mask: string
}

interface KeptHeader {
  /** As the source spells it. */
  readonly name: string
  readonly lowerName: string
  readonly isMasked: boolean
}

/** Sets of names remembered; beyond that all are forgotten at once. */
const PLANS_MAX = 256
/** More headers than this are not planned for, but looked at one by one. */
const PLANNED_HEADERS_MAX = 64

export class HeaderCapture {
  readonly #include: ReadonlySet<string> | undefined
  readonly #exclude: ReadonlySet<string>
  readonly #masked: readonly string[]
  readonly #plans = new Map<string, readonly KeptHeader[]>()

  constructor({ includeHeaders, excludeHeaders, mask }: HeaderRules) {
    this.#include = includeHeaders && new Set(includeHeaders)
    this.#exclude = new Set(excludeHeaders)
    this.#masked = [mask]
  }

  /** Names in lower case and in order. */
  capture(headers: Readonly<Record<string, unknown>>): CapturedHeaders {
    const captured: CapturedHeaders = {}
    for (const { name, lowerName, isMasked } of this.#planOf(headers)) {
      const value = headers[name]
      if (value === undefined) continue
      captured[lowerName] = isMasked ? this.#masked : valuesOf(value)
    }
    return captured
  }

  #planOf(headers: Readonly<Record<string, unknown>>): readonly KeptHeader[] {
    const names = Object.keys(headers)
    if (names.length > PLANNED_HEADERS_MAX) return this.#plan(names)
    const key = names.join('\n')
    let plan = this.#plans.get(key)
    if (plan === undefined) {
      plan = this.#plan(names)
      if (this.#plans.size >= PLANS_MAX) this.#plans.clear()
      this.#plans.set(key, plan)
    }
    return plan
  }

  #plan(names: readonly string[]): readonly KeptHeader[] {
    return names
      .map((name) => ({ name, lowerName: name.toLowerCase() }))
      .filter(({ lowerName }) => lowerName !== '__proto__' && (this.#include?.has(lowerName) ?? true))
      .map(({ name, lowerName }) => ({ name, lowerName, isMasked: this.#exclude.has(lowerName) }))
      .toSorted((a, b) => (a.lowerName < b.lowerName ? -1 : 1))
  }
}

function valuesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value.toWellFormed()]
  if (Array.isArray(value)) return value.map((item) => String(item).toWellFormed())
  return [String(value)]
}
