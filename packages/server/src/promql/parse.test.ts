import { expect, test } from 'vitest'
import { selectorsIn } from './expression.ts'
import { parsePromql, parseSelector } from './parse.ts'
import { PromqlError } from './promql-error.ts'

const selector = (matchers: unknown[] = [], offsetMs = 0) => ({ kind: 'selector', matchers, offsetMs })

test('a selector is read with its matchers, escapes and offset', () => {
  expect(
    parsePromql(
      'trailproof_events{service="sh\\"o\\u00fcp",outcome=~\'fail.*\',"actor.id"!=`a\\b`} offset 1h30m',
    ),
  ).toEqual(
    selector(
      [
        { label: 'service', operator: '=', value: 'sh"oüp' },
        { label: 'outcome', operator: '=~', value: 'fail.*' },
        { label: 'actor.id', operator: '!=', value: 'a\\b' },
      ],
      5_400_000,
    ),
  )
  expect(parsePromql('{__name__="trailproof_events"}')).toEqual(selector())
  expect(parsePromql('{"trailproof_events", kind="log"}')).toMatchObject({ matchers: [{ label: 'kind' }] })
  expect(parsePromql('trailproof_events offset -5m')).toEqual(selector([], -300_000))
  expect(parseSelector('trailproof_events{}')).toEqual(selector())
})

test('the usual alert is read whole', () => {
  const query =
    'sum by (service) (rate(trailproof_events{outcome="failure"}[5m])) / ignoring (x) sum by (service) (rate(trailproof_events[5m] offset 1m)) > bool 0.05 # too many'
  const read = parsePromql(query)
  expect(read).toMatchObject({
    kind: 'binary',
    operator: '>',
    isBool: true,
    right: { kind: 'number', value: 0.05 },
    left: {
      operator: '/',
      matching: { kind: 'ignoring', labels: ['x'] },
      left: { kind: 'aggregation', aggregator: 'sum', grouping: { kind: 'by', labels: ['service'] } },
      right: { operand: { kind: 'window', rangeMs: 300_000, selector: { offsetMs: 60_000 } } },
    },
  })
  expect(selectorsIn(read)).toHaveLength(2)
})

test.each<[string, unknown]>([
  ['1', { kind: 'number', value: 1 }],
  ['0x1F', { kind: 'number', value: 31 }],
  ['+Inf', { kind: 'number', value: Infinity }],
  ['NaN', { kind: 'number', value: NaN }],
  ['5m', { kind: 'number', value: 300 }],
  ['-2', { kind: 'number', value: -2 }],
  ['-Inf', { kind: 'number', value: -Infinity }],
  ['-trailproof_events', { kind: 'negate', operand: { kind: 'selector' } }],
  ['-2 ^ 2', { kind: 'negate', operand: { kind: 'binary', left: { value: 2 } } }],
  ['((2))', { kind: 'number', value: 2 }],
  ['2 ^ 3', { kind: 'binary', operator: '^' }],
  ['topk(3, trailproof_events)', { kind: 'aggregation', aggregator: 'topk', parameter: { value: 3 } }],
  ['sum(trailproof_events) without (kind)', { grouping: { kind: 'without', labels: ['kind'] } }],
  ['increase(trailproof_events[1d])', { kind: 'window', function: 'increase', rangeMs: 86_400_000 }],
  ['rate(trailproof_events[90])', { rangeMs: 90_000 }],
  ['a and b'.replaceAll(/[ab]\b/g, 'trailproof_events'), { kind: 'binary' }],
  ['vector(1)', { kind: 'call', function: 'vector' }],
])('%s', (query, expected) => {
  expect(parsePromql(query)).toMatchObject(expected as object)
})

test.each<[string, RegExp]>([
  ['', /unexpected end of input/],
  ['sum(', /parse error at char 5: unexpected end of input/],
  ['sum(trailproof_events))', /parse error at char 23: unexpected "\)"/],
  ['up', /there is no metric up here/],
  ['{service="x"}', /there is no metric/],
  ['trailproof_events[5m]', /a range of time is for a function/],
  ['trailproof_events[5m:1m]', /not supported/],
  ['rate(trailproof_events)', /rate takes a range of time/],
  ['rate(trailproof_events[5m:1m])', /not supported: trailproof_events\[5m:1m\]/],
  ['rate(trailproof_events[0s])', /at least 1s/],
  [
    'histogram_quantile(0.9, trailproof_events)',
    /histogram_quantile is not supported; there are count_over_time/,
  ],
  ['quantile(0.9, trailproof_events)', /aggregation quantile is not supported/],
  ['trailproof_events @ 5', /not supported/],
  ['trailproof_events * on (a) group_left trailproof_events', /group_left|not supported/],
  ['topk(trailproof_events)', /topk takes 2 arguments, not 1/],
  ['time(1)', /time takes 0 arguments, not 1/],
  ['"text"', /not supported: "text"/],
  ['trailproof_events{__name__=~"x"}', /__name__ takes =/],
  ['trailproof_events offset 5x', /parse error/],
  ['rate(trailproof_events[200y])', /not a duration/],
  [`${'('.repeat(200)}1${')'.repeat(200)}`, /at most 64 levels/],
  [Array.from({ length: 20 }, () => 'trailproof_events').join('+'), /at most 16 selectors/],
  ['1'.repeat(9000), /at most 8192/],
])('%s is refused, and says why', (query, message) => {
  expect(() => parsePromql(query)).toThrow(PromqlError)
  expect(() => parsePromql(query)).toThrow(message)
})
