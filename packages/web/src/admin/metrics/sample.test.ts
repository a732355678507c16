import { describe, expect, test } from 'vitest'
import { parseExposition } from './exposition.ts'
import { quantile, rate, Sample } from './sample.ts'

const TEXT = `# HELP a_total What it counts.
# TYPE a_total counter
a_total{ledger="main",status="recorded"} 10
a_total{ledger="shop",status="recorded"} 5
a_total{ledger="main",status="conflict"} 1
up 1
t_bucket{le="0.1"} 0
t_bucket{le="0.2"} 8
t_bucket{le="+Inf"} 10
said{reason="a \\"b\\"\\n\\\\, c=\\"d\\""} 2
`

describe('metrics', () => {
  test('are read with their labels, escapes and all', () => {
    const series = parseExposition(TEXT)
    expect(series).toHaveLength(8)
    expect(series[3]).toEqual({ name: 'up', labels: {}, value: 1 })
    expect(series.at(-1)!.labels).toEqual({ reason: 'a "b"\n\\, c="d"' })
  })

  test('are summed over what has the labels that are asked for', () => {
    const sample = new Sample(TEXT, 0)
    expect(sample.sum('a_total', { status: 'recorded' })).toBe(15)
    expect(sample.sum('none')).toBe(0)
    expect(sample.max('a_total')).toBe(10)
    expect(sample.present('said', 'reason')).toEqual(['a "b"\n\\, c="d"'])
  })

  test('of two times give a rate, which a restart does not make negative', () => {
    const [before, after] = [new Sample('n 10', 0), new Sample('n 30', 4000)]
    expect(rate(before, after, 'n')).toBe(5)
    expect(rate(after, new Sample('n 1', 8000), 'n')).toBe(0)
    expect(rate(before, before, 'n')).toBeUndefined()
  })

  test.each([
    [0.4, 0.15],
    [0.8, 0.2],
    [0.99, 0.2],
  ])('of two times give the quantile %d of what was observed in between', (share, seconds) => {
    expect(quantile(new Sample('', 0), new Sample(TEXT, 1), 't', share)).toBeCloseTo(seconds)
  })

  test('give no quantile where nothing was observed', () => {
    const sample = new Sample(TEXT, 0)
    expect(quantile(sample, sample, 't', 0.5)).toBeUndefined()
  })
})
