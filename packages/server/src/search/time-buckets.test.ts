import fc from 'fast-check'
import { expect, test } from 'vitest'
import { timeBuckets } from './time-buckets.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface Asked {
  readonly zone: string
  readonly from: string
  readonly to: string
  readonly step: number
}

const edgesOf = ({ zone, from, to, step }: Asked): readonly number[] =>
  timeBuckets({ fromMs: Date.parse(from), toMs: Date.parse(to), buckets: 1, stepMs: step, zone })!.edges

const lengthsOf = (asked: Asked): number[] => {
  const edges = edgesOf(asked)
  return edges.slice(1).map((edge, i) => (edge - edges[i]!) / MINUTE)
}

test.each<[Asked, number[]]>([
  [
    { zone: 'America/New_York', from: '2026-11-01T05:00Z', to: '2026-11-01T07:00Z', step: 15 * MINUTE },
    [15, 15, 15, 15, 15, 15, 15, 15],
  ],
  [
    { zone: 'America/New_York', from: '2026-11-01T04:00Z', to: '2026-11-01T09:00Z', step: HOUR },
    [60, 60, 60, 60, 60],
  ],
  [
    { zone: 'Europe/Berlin', from: '2026-10-25T00:00Z', to: '2026-10-25T02:00Z', step: 30 * MINUTE },
    [30, 30, 30, 30],
  ],
  // Clocks go back by half an hour, at 02:00 to 01:30.
  [
    { zone: 'Australia/Lord_Howe', from: '2026-04-04T14:00Z', to: '2026-04-04T16:30Z', step: HOUR },
    [60, 30, 60],
  ],
  [
    { zone: 'Australia/Lord_Howe', from: '2026-10-03T14:30Z', to: '2026-10-03T17:00Z', step: HOUR },
    [60, 30, 60],
  ],
  // 02:00 does not come: 00:00 to 03:00 has two hours.
  [{ zone: 'Europe/Berlin', from: '2026-03-28T23:00Z', to: '2026-03-29T04:00Z', step: 3 * HOUR }, [120, 180]],
])('%j', (asked, lengths) => {
  expect(lengthsOf(asked)).toEqual(lengths)
})

test('every minute of an hour that comes twice has its bucket', () => {
  const night = { zone: 'America/New_York', from: '2026-11-01T05:00Z', to: '2026-11-01T08:00Z' }
  expect(lengthsOf({ ...night, step: MINUTE })).toEqual(Array.from({ length: 180 }, () => 1))
})

test.each([
  ['America/Santiago', '2026-09-06T04:00:00.000Z'],
  ['America/Havana', '2026-03-08T05:00:00.000Z'],
  // The day ends at 24:00 with an hour that comes again.
  ['America/Santiago', '2026-04-05T04:00:00.000Z'],
])('a day of %s begins with its first instant, %s', (zone, first) => {
  const at = Date.parse(first)
  const days = {
    zone,
    from: new Date(at - 30 * HOUR).toISOString(),
    to: new Date(at + DAY).toISOString(),
    step: DAY,
  }
  expect(edgesOf(days)).toContain(at)
})

test('weeks begin on Mondays', () => {
  for (const weeks of [1, 2]) {
    const range = { zone: 'Europe/Berlin', from: '2026-01-01T00:00Z', to: '2026-12-31T00:00Z' }
    for (const edge of edgesOf({ ...range, step: weeks * 7 * DAY }).slice(1, -1))
      expect(new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', weekday: 'long' }).format(edge)).toBe(
        'Monday',
      )
  }
})

test('a day that was left out has no bucket', () => {
  const range = { zone: 'Pacific/Apia', from: '2011-12-28T10:00Z', to: '2012-01-01T10:00Z', step: DAY }
  expect(lengthsOf(range)).toEqual([1440, 1440, 1440, 1440])
})

const ZONES =
  'UTC Europe/Berlin Europe/London America/New_York America/St_Johns America/Santiago America/Havana America/Asuncion America/Sao_Paulo Africa/Cairo Africa/Casablanca Asia/Kolkata Asia/Kathmandu Asia/Beirut Asia/Amman Asia/Gaza Asia/Tehran Australia/Lord_Howe Australia/Adelaide Pacific/Apia Pacific/Chatham Pacific/Kiritimati Antarctica/Troll'.split(
    ' ',
  )

/** What the clock shows, by asking Intl for its parts. */
function slowClock(zone: string): (ms: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]))
    return Date.UTC(parts['year']!, parts['month']! - 1, parts['day'], parts['hour'], parts['minute'])
  }
}

test('buckets are those that going on minute by minute finds', () => {
  const property = fc.property(
    fc.constantFrom(...ZONES),
    // Days from 1975 to 2035; clocks are changed in few of them, so changes are looked for.
    fc.integer({ min: 5 * 365, max: 65 * 365 }),
    fc.constantFrom(5, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7 * 1440),
    (zone, day, minutes) => {
      const shown = slowClock(zone)
      let near = day
      while (
        near < day + 200 &&
        shown(near * DAY) - near * DAY === shown((near + 2) * DAY) - (near + 2) * DAY
      )
        near += 2
      const [fromMs, toMs] = [near * DAY - 5 * HOUR, (near + 2) * DAY + 19 * HOUR]
      const step = minutes * MINUTE
      const origin = minutes === 7 * 1440 ? 4 * DAY : 0
      const slotOf = (local: number): number => Math.floor((local - origin) / step)
      const expected = [fromMs]
      let before = shown(fromMs)
      let furthest = slotOf(before)
      // A day that was come to just before midnight was shown again has begun.
      if (minutes >= 1440)
        for (let at = fromMs - 26 * HOUR; at < fromMs; at += MINUTE)
          furthest = Math.max(furthest, slotOf(shown(at)))
      for (let at = fromMs + MINUTE; at < toMs; at += MINUTE) {
        const local = shown(at)
        const begins =
          minutes < 1440 ? local < before || slotOf(local) !== slotOf(before) : slotOf(local) > furthest
        if (begins) expected.push(at)
        before = local
        furthest = Math.max(furthest, slotOf(local))
      }
      const { edges, starts } = timeBuckets({ fromMs, toMs, buckets: 1, stepMs: step, zone })!
      expect(edges.slice(0, -1)).toEqual(expected)
      expect(starts[0]).toBeLessThanOrEqual(fromMs)
      expect(starts[1]).toBeGreaterThan(fromMs)
    },
  )
  fc.assert(property, { numRuns: 100 })
}, 60_000)
