/** RFC 3339 times as producers write them. They are checked and kept as text, never rewritten. */

const TIME = /^(\d{4})-(\d{2})-(\d{2})[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.\d{1,9})?(?:[Zz]|[+-](\d{2}):(\d{2}))$/
const WITHOUT_ZONE = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?$/

/** Why `text` is not an RFC 3339 time of at most nanoseconds, or undefined when it is. */
export function timestampProblem(text: string): string | undefined {
  const match = text.length <= 64 ? TIME.exec(text) : null
  if (match === null)
    return text.length <= 64 && WITHOUT_ZONE.test(text)
      ? 'has no zone; end it with Z or an offset such as +02:00'
      : 'is not an RFC 3339 time such as 2026-01-31T12:00:00.123456789Z'
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])]
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month))
    return 'names a day that does not exist'
  // 60 is a leap second
  if (Number(match[4]) > 23 || Number(match[5]) > 59 || Number(match[6]) > 60)
    return 'names a time of day that does not exist'
  if (match[7] !== undefined && (Number(match[7]) > 23 || Number(match[8]) > 59))
    return 'has an offset that does not exist'
  return undefined
}

/** RFC 3339 for a count since 1970, a number or digits that a double could not hold; anything else as it is. */
export function timestampText(value: unknown): unknown {
  if (typeof value === 'number' || (typeof value === 'string' && DIGITS.test(value)))
    return timestampFromEpoch(value) ?? value
  return value
}

const DIGITS = /^\d{16,20}$/

/**
 * A count since 1970 as RFC 3339 in UTC, or undefined when it is outside the years 1973 to 5138. Seconds,
 * milliseconds, microseconds and nanoseconds are told apart by their size: within those years they cannot be
 * mistaken for each other. `count` is a number, or the digits of an integer a double cannot hold.
 */
function timestampFromEpoch(count: number | string): string | undefined {
  if (typeof count === 'string') {
    if (!/^\d{9,20}$/.test(count)) return undefined
  } else if (!Number.isFinite(count) || count < 0) return undefined
  const digits = String(count)
  const dot = digits.indexOf('.')
  const whole = dot < 0 ? digits : digits.slice(0, dot)
  if (!/^\d+$/.test(whole)) return undefined
  const unit = UNITS.find(({ places }) => whole.length >= 9 + places && whole.length <= 11 + places)
  if (unit === undefined) return undefined
  const seconds = whole.slice(0, whole.length - unit.places)
  const fraction = whole.slice(whole.length - unit.places) + (dot < 0 ? '' : digits.slice(dot + 1))
  const time = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return fraction === '' ? `${time}Z` : `${time}.${fraction.slice(0, 9)}Z`
}

/** Decimal places after the seconds; the counts have 9 to 11 digits more. */
const UNITS = [{ places: 0 }, { places: 3 }, { places: 6 }, { places: 9 }]

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
