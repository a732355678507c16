/** What the clocks of a time zone show, and when they are changed. */

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Instants are ms since 1970; what a clock shows is written as if it were UTC. */
export interface ZoneClock {
  /** What the clock shows more than UTC. */
  readonly offsetOf: (ms: number) => number
  /** The first instant of another offset after `fromMs`, up to `toMs`; both have the same offset if there is none. */
  readonly changeWithin: (fromMs: number, toMs: number) => number | undefined
  /** The first instant at which the clock shows `local` or more: where it is put forward over it, that instant. */
  readonly firstAt: (local: number) => number
}

/** Whether there is such a time zone. */
export function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

export function zoneClock(zone: string): ZoneClock {
  if (zone === 'UTC') return { offsetOf: () => 0, changeWithin: () => undefined, firstAt: (local) => local }
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' })
  const offsetOf = (ms: number): number => {
    const name = format.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    const [, sign, hours = '0', minutes = '0', seconds = '0'] =
      /GMT([+-])(\d{2}):(\d{2})(?::(\d{2}))?/.exec(name) ?? []
    const size = Number(hours) * HOUR + Number(minutes) * MINUTE + Number(seconds) * SECOND
    return sign === '-' ? -size : size
  }
  const changeWithin = (fromMs: number, toMs: number): number | undefined => {
    const before = offsetOf(fromMs)
    if (offsetOf(toMs) === before) return undefined
    let [low, high] = [fromMs, toMs]
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2)
      if (offsetOf(middle) === before) low = middle
      else high = middle
    }
    return high
  }
  return {
    offsetOf,
    changeWithin,
    firstAt(local) {
      // No clock is a day or more from UTC, so the instant lies between these two.
      const [early, late] = [local - DAY, local + DAY]
      const before = local - offsetOf(early)
      const change = changeWithin(early, late)
      return change === undefined || before < change ? before : Math.max(change, local - offsetOf(late))
    },
  }
}
