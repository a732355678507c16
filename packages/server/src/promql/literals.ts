/** Numbers, durations and texts as PromQL writes them. */
import { badData } from './promql-error.ts'

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}
/** A hundred years. */
const DURATION_MS_MAX = 100 * UNITS_MS['y']!

/** `5m`, `1h30m`, or a number of seconds; undefined when it is neither, or longer than a hundred years. */
export function durationMs(text: string): number | undefined {
  const asSeconds = Number(text)
  const ms = text.trim() !== '' && Number.isFinite(asSeconds) ? asSeconds * 1000 : unitsMs(text)
  return ms !== undefined && Math.abs(ms) <= DURATION_MS_MAX ? Math.round(ms) : undefined
}

function unitsMs(text: string): number | undefined {
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(text)) return undefined
  let sum = 0
  for (const [, count, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/g)) sum += Number(count) * UNITS_MS[unit!]!
  return sum
}

/** `0.5`, `1e3`, `0x1f`, `Inf`, `NaN`, or a duration, which is its seconds. */
export function numberOf(text: string): number {
  if (/^[+-]/.test(text)) return (text.startsWith('-') ? -1 : 1) * numberOf(text.slice(1))
  const lower = text.toLowerCase()
  if (lower === 'inf') return Infinity
  if (lower === 'nan') return Number.NaN
  const value = Number(text.replaceAll('_', ''))
  if (!Number.isNaN(value)) return value
  const ms = durationMs(text)
  if (ms === undefined) throw badData(`not a number: ${text.slice(0, 100)}`)
  return ms / 1000
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([\s\S]))/g

/** The text between quotation marks, with its escapes read; between backticks there are none. */
export function textOf(literal: string): string {
  const inner = literal.slice(1, -1)
  if (literal.startsWith('`')) return inner
  return inner.replaceAll(
    ESCAPE,
    (whole: string, x?: string, u?: string, U?: string, octal?: string, other?: string) => {
      const hex = x ?? u ?? U
      if (hex !== undefined || octal !== undefined) {
        const code = hex === undefined ? Number.parseInt(octal!, 8) : Number.parseInt(hex, 16)
        if (code > 0x10ffff) throw badData(`there is no character ${whole}`)
        return String.fromCodePoint(code)
      }
      return ESCAPES[other!] ?? other!
    },
  )
}
