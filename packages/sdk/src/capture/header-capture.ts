/** Which headers are kept, and which of them masked, worked out once for each set of names: clients repeat themselves. */
import type { CompiledRedaction } from '@trailproof/core'
import { redactText } from '@trailproof/core'

type Headers = Readonly<Record<string, unknown>>

/** Values of one header, in the order they came. */
export type CapturedHeaders = Record<string, readonly string[]>

export interface HeaderRules {
  /** Lower case. Only these are kept; undefined: all. */
  readonly includeHeaders: readonly string[] | undefined
  /** Lower case. Their values are masked, as are those whose name is secret. */
  readonly excludeHeaders: readonly string[]
  readonly mask: string
  readonly redaction: CompiledRedaction | undefined
}

export interface MaskedPlaces {
  /** JSON Pointer of the headers. */
  readonly path: string
  /** JSON Pointers of values that were masked for their name. */
  readonly redacted: Set<string>
}

export interface HeaderPlace {
  /** JSON Pointer of the headers. */
  readonly path: string
  /** Ids of this trail, which stand in the record as they are. */
  readonly ids: readonly string[]
  /** JSON Pointers of values that held something secret are added to it. */
  readonly redacted: string[]
}

interface KeptHeader {
  /** As the source spells it. */
  readonly name: string
  readonly lowerName: string
  readonly isMasked: boolean
  /** `"accept":` */
  readonly key: string
}

/** Sets of names remembered; beyond that all are forgotten at once. */
const PLANS_MAX = 256
/** More headers than this are not planned for, but looked at one by one. */
const PLANNED_HEADERS_MAX = 64
/** Values remembered as JSON, of at most so many characters; beyond that all are forgotten at once. */
const VALUES_MAX = 4_096
const VALUE_CHARS_MAX = 256

export class HeaderCapture {
  readonly #rules: HeaderRules
  /** `["***"]` */
  readonly #masked: string
  readonly #include: ReadonlySet<string> | undefined
  readonly #exclude: ReadonlySet<string>
  readonly #plans = new Map<string, readonly KeptHeader[]>()
  /** Values without secrets, as JSON. */
  readonly #values = new Map<string, string>()

  constructor(rules: HeaderRules) {
    this.#rules = rules
    this.#masked = JSON.stringify([rules.mask])
    this.#include = rules.includeHeaders && new Set(rules.includeHeaders)
    this.#exclude = new Set(rules.excludeHeaders)
  }

  /** Names in lower case and in order. `place`: where the headers stand in the record; those that are masked are added to it. */
  capture(headers: Headers, place: MaskedPlaces): CapturedHeaders {
    const captured: CapturedHeaders = {}
    for (const { name, lowerName, isMasked } of this.#planOf(headers)) {
      const value = headers[name]
      if (value === undefined) continue
      captured[lowerName] = isMasked ? [this.#rules.mask] : valuesOf(value)
      if (isMasked) place.redacted.add(headerPath(place.path, lowerName))
    }
    return captured
  }

  /**
   * What `capture` gives, as canonical JSON and masked already; undefined where that needs the whole record.
   */
  text(headers: Headers, { path, ids, redacted }: HeaderPlace): string | undefined {
    let text = ''
    for (const { name, lowerName, isMasked, key } of this.#planOf(headers)) {
      const value = headers[name]
      if (value === undefined) continue
      if (isMasked) {
        text += `${key}${this.#masked},`
        redacted.push(headerPath(path, lowerName))
      } else if (typeof value === 'string')
        text += `${key}[${this.#value(value, path, lowerName, 0, ids, redacted)}],`
      else {
        const values = valuesOf(value)
        if (values.length === 2) return undefined // masking takes it for a name and its value
        text += `${key}[${values.map((each, i) => this.#value(each, path, lowerName, i, ids, redacted)).join(',')}],`
      }
    }
    return text === '' ? '{}' : `{${text.slice(0, -1)}}`
  }

  #value(
    value: string,
    path: string,
    name: string,
    i: number,
    ids: readonly string[],
    redacted: string[],
  ): string {
    const known = this.#values.get(value)
    if (known !== undefined) return known
    if (ids.includes(value)) return `"${value}"`
    const whole = value.toWellFormed()
    const { redaction } = this.#rules
    const masked = redaction === undefined ? whole : redactText(whole, redaction)
    const json = JSON.stringify(masked)
    if (masked !== whole) {
      redacted.push(`${headerPath(path, name)}/${i}`)
      return json
    }
    if (value.length <= VALUE_CHARS_MAX) {
      if (this.#values.size >= VALUES_MAX) this.#values.clear()
      this.#values.set(value, json)
    }
    return json
  }

  #planOf(headers: Headers): readonly KeptHeader[] {
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
      .map(({ name, lowerName }) => ({
        name,
        lowerName,
        isMasked: this.#exclude.has(lowerName) || this.#rules.redaction?.modeOfName(lowerName) === 'mask',
        key: `${JSON.stringify(lowerName)}:`,
      }))
      .toSorted((a, b) => (a.lowerName < b.lowerName ? -1 : 1))
  }
}

function headerPath(path: string, name: string): string {
  return name.includes('~') || name.includes('/')
    ? `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
    : `${path}/${name}`
}

function valuesOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value.toWellFormed()]
  if (Array.isArray(value)) return value.map((item) => String(item).toWellFormed())
  return [String(value)]
}
