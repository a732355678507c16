import { expect, test } from 'vitest'
import type { QuarantinedRecord } from '../directory/directory.ts'
import { QuarantinedNumbers } from './quarantined-numbers.ts'

const MINUTE_MS = 60_000
const NOW = 1_800_000_000_000

let kept: QuarantinedRecord[] = []

/** The quarantine of several servers: ids are made of the clock of whoever keeps the record. */
const directory = {
  quarantined: async (ledger: string, after: string | undefined, count: number) =>
    kept
      .filter((record) => record.ledger === ledger && (after === undefined || record.id > after))
      .toSorted((a, b) => (a.id < b.id ? -1 : 1))
      .slice(0, count),
}

function keep(seq: number, receivedAt: number, ledger = 'main'): void {
  const time = receivedAt.toString(16).padStart(12, '0')
  kept.push({
    id: `${time.slice(0, 8)}-${time.slice(8)}-7000-9000-${seq.toString(16).padStart(12, '0')}`,
    ledger,
    receivedAt,
    keyPrefix: 'tp_a',
    problems: [],
    source: JSON.stringify({ stream: { id: 's-1', seq } }),
  })
}

async function next(numbers: QuarantinedNumbers, ledger = 'main'): Promise<number[]> {
  return (await numbers.next(ledger)).map(({ seq }) => seq)
}

test('reads what came since, and a minute before', async () => {
  kept = []
  const numbers = new QuarantinedNumbers(directory, () => NOW + 10 * MINUTE_MS)
  keep(1, NOW)
  keep(2, NOW + 2 * MINUTE_MS)
  expect(await next(numbers)).toEqual([1, 2])
  keep(3, NOW + MINUTE_MS + 1)
  keep(4, NOW + 3 * MINUTE_MS)
  expect(await next(numbers)).toEqual([3, 2, 4])
  expect(await next(numbers, 'other')).toEqual([])
})

test.each([MINUTE_MS + 1, 60 * MINUTE_MS, 10_000 * MINUTE_MS])(
  'a record of a clock %i ms ahead hides nothing that comes after it',
  async (aheadMs) => {
    kept = []
    let now = NOW
    const numbers = new QuarantinedNumbers(directory, () => now)
    keep(1, NOW + aheadMs)
    expect(await next(numbers)).toEqual([1])
    now += MINUTE_MS
    keep(2, now)
    expect(await next(numbers)).toContain(2)
  },
)

test('more than a page is read to its end', async () => {
  kept = []
  for (let seq = 0; seq < 250; seq++) keep(seq, NOW + seq)
  const numbers = new QuarantinedNumbers(directory, () => NOW + MINUTE_MS)
  expect(await next(numbers)).toHaveLength(250)
})
