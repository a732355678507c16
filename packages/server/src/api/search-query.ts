/** The first search language: `field:value` words, all of which must hold. `*` at the end asks for a prefix. */
import { SEARCH_FIELDS } from '../search/indexed-fields.ts'
import type { SearchCondition, SearchField, SearchQuery } from '../search/search-index.ts'
import { ProblemError } from './authorize.ts'
import { nearestName } from './nearest-name.ts'
import { problem } from './problem.ts'

/** What a request may say; every search field is also a parameter of its own. */
export interface SearchParameters {
  readonly q?: string
  /** RFC 3339, inclusive. */
  readonly from?: string
  /** RFC 3339, exclusive. */
  readonly to?: string
  /** Like `15m`, `24h`, `7d`, up to now. */
  readonly last?: string
  readonly [field: string]: unknown
}

const CONDITIONS_MAX = 32
const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}
/** Short names for fields people type often. */
const ALIASES: ReadonlyMap<string, SearchField> = new Map([
  ['trace', 'trace_id'],
  ['request', 'request_id'],
  ['session', 'session_id'],
  ['env', 'environment'],
])
/** What a word may begin with; the field itself is suggested before its short name. */
const NAMES = [...SEARCH_FIELDS, ...ALIASES.keys(), 'last', 'from', 'to']
/** Of what was sent, in answers. */
const SHOWN_CHARS_MAX = 100

/** The query of a request; rejects with a problem naming the word that is not understood. */
export function searchQueryOf(parameters: SearchParameters, nowMs: number): SearchQuery {
  const conditions: SearchCondition[] = []
  let { last, from, to } = parameters
  for (const { field, value } of wordsOf(parameters.q ?? ''))
    if (field === 'last') last = value
    else if (field === 'from') from = value
    else if (field === 'to') to = value
    else conditions.push(conditionOf(field, value))
  for (const field of SEARCH_FIELDS) {
    const value = parameters[field]
    if (typeof value === 'string') conditions.push(conditionOf(field, value))
  }
  if (conditions.length > CONDITIONS_MAX)
    throw bad(`at most ${CONDITIONS_MAX} conditions, got ${conditions.length}`)
  const fromMs = from === undefined ? lastMs(last, nowMs) : timeOf('from', from)
  const toMs = to === undefined ? undefined : timeOf('to', to)
  return {
    conditions,
    ...(fromMs === undefined ? {} : { fromMs }),
    ...(toMs === undefined ? {} : { toMs }),
  }
}

function* wordsOf(q: string): Generator<{ field: string; value: string }> {
  const word = /\s*(?:([^\s":]+):(?:"([^"]*)"|([^\s"]*))|(\S+))/gy
  for (let match = word.exec(q); match; match = word.exec(q)) {
    const [, field, quoted, plain, other] = match
    if (field === undefined)
      throw bad(
        `expected field:value, got ${JSON.stringify(shown(other))} at ${word.lastIndex - other!.length}`,
      )
    yield { field, value: quoted ?? plain ?? '' }
  }
}

function conditionOf(name: string, text: string): SearchCondition {
  const field = ALIASES.get(name) ?? SEARCH_FIELDS.find((known) => known === name)
  if (!field) {
    const near = nearestName(name, NAMES)
    const meant = near === undefined ? '.' : `; did you mean ${ALIASES.get(near) ?? near}?`
    throw bad(`unknown field ${shown(name)}${meant} Fields: ${SEARCH_FIELDS.join(', ')}`)
  }
  const prefix = text.endsWith('*')
  const value = prefix ? text.slice(0, -1) : text
  if (value === '' && !prefix) throw bad(`${name}: a value is missing`)
  return { field, value, prefix }
}

function lastMs(last: string | undefined, nowMs: number): number | undefined {
  if (last === undefined) return undefined
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(last) ?? []
  if (count === undefined)
    throw bad(`last: expected a number and s, m, h, d or w, such as 15m, got ${shown(last)}`)
  return nowMs - Number(count) * UNIT_MS[unit!]!
}

function timeOf(name: string, text: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw bad(`${name}: expected a time such as 2026-01-31T12:00:00Z, got ${shown(text)}`)
  return ms
}

function shown(text = ''): string {
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}…` : text
}

function bad(detail: string): ProblemError {
  return new ProblemError(problem('bad-request', detail))
}
