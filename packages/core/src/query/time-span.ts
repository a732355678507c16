/** Times in queries name spans (a day, a minute, a second, a millisecond); times in records name instants. */

/** Milliseconds since 1970: from the first one to the one after the last. */
export interface TimeSpan {
  readonly fromMs: number
  readonly toMs: number
}

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/
const TIME =
  /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?([Zz]|[+-]\d{2}:\d{2})?$/
const DAY_MS = 86_400_000
/** No text that names a time is longer. */
const CHARS_MAX = 64

/**
 * The span that a text of a query names: `2026-08-01` the whole day, `2026-08-01T12:00` the minute, with
 * seconds the second, with a fraction the millisecond. UTC unless an offset says otherwise. Undefined when it
 * names none.
 */
export function parseTimeSpan(text: string): TimeSpan | undefined {
  if (text.length > CHARS_MAX) return undefined
  const day = DAY.exec(text)
  if (day !== null) {
    const fromMs = dayMs(Number(day[1]), Number(day[2]), Number(day[3]))
    return fromMs === undefined ? undefined : { fromMs, toMs: fromMs + DAY_MS }
  }
  const match = TIME.exec(text)
  if (match === null) return undefined
  const fromMs = instantOf(match)
  if (fromMs === undefined) return undefined
  return { fromMs, toMs: fromMs + (match[6] === undefined ? 60_000 : match[7] === undefined ? 1000 : 1) }
}

/** The instant of a record's RFC 3339 text in whole milliseconds since 1970, or undefined when it is unreadable. */
export function instantMs(text: string): number | undefined {
  if (text.length > CHARS_MAX) return undefined
  const match = TIME.exec(text)
  return match === null || match[6] === undefined || match[8] === undefined ? undefined : instantOf(match)
}

function instantOf(match: RegExpExecArray): number | undefined {
  const day = dayMs(Number(match[1]), Number(match[2]), Number(match[3]))
  const [hours, minutes, seconds] = [Number(match[4]), Number(match[5]), Number(match[6] ?? 0)]
  // 60 is a leap second: it counts as the first second of the next minute.
  if (day === undefined || hours > 23 || minutes > 59 || seconds > 60) return undefined
  const offset = offsetMinutes(match[8] ?? 'Z')
  if (offset === undefined) return undefined
  const fraction = match[7] === undefined ? 0 : Number(match[7].padEnd(3, '0').slice(0, 3))
  return day + ((hours * 60 + minutes - offset) * 60 + seconds) * 1000 + fraction
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))]
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}

/** Days since 1970 by the civil calendar: `Date.UTC` takes the years 0 to 99 for 1900 to 1999. */
function dayMs(year: number, month: number, day: number): number | undefined {
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  // The year begins in March, so that the day of a leap year comes last; 400 years have 146,097 days.
  const y = month > 2 ? year : year - 1
  const era = Math.floor(y / 400)
  const ofEra = y - era * 400
  const ofYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
