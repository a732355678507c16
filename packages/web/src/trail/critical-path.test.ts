import { expect, test } from 'vitest'
import { criticalPath } from './critical-path.ts'
import type { Span } from './spans.ts'

/** A key with a colon is a part of the record that stands before it. */
function span(key: string, startMs: number, durationMs?: number): Span {
  return {
    key,
    toldBy: key.split(':')[0]!,
    name: key,
    lane: 'internal',
    service: 'a',
    outcome: 'success',
    depth: key.includes(':') ? 1 : 0,
    startMs,
    durationMs,
    recordId: undefined,
  }
}

const pathOf = (spans: readonly Span[], totalMs: number) => {
  const { keys, gaps } = criticalPath(spans, totalMs)
  return { keys: [...keys].toSorted(), gaps }
}

test('of what ran side by side, what ended last is on the path; what holds others is not', () => {
  const spans = [
    span('request', 0, 100),
    span('request:fast', 10, 20),
    span('request:slow', 10, 40),
    span('request:call', 50, 50),
    span('called', 51, 48),
  ]
  expect(pathOf(spans, 100)).toEqual({
    keys: ['called', 'request:slow'],
    gaps: [{ startMs: 0, durationMs: 10 }],
  })
})

test('times in which nothing is recorded are gaps, but for short ones', () => {
  const spans = [span('request', 0, 100), span('request:first', 0, 20), span('request:second', 60, 37)]
  expect(pathOf(spans, 100)).toEqual({
    keys: ['request:first', 'request:second'],
    gaps: [{ startMs: 20, durationMs: 40 }],
  })
})

test('what was not measured is on no path', () => {
  expect(pathOf([span('event', 0), span('log', 5)], 5)).toEqual({ keys: [], gaps: [] })
  expect(pathOf([], 0)).toEqual({ keys: [], gaps: [] })
})

test('two that take the same time are told apart by their order', () => {
  expect(pathOf([span('outer:call', 0, 10), span('inner', 0, 10)], 10).keys).toEqual(['inner'])
})
