import { parseQuery, recordMatcher } from '@trailproof/core/query'
import { describe, expect, test } from 'vitest'
import { assertAnswerable, blindFilter } from './blind-filter.ts'
import { blinded } from './blind-terms.ts'
import type { IndexedEntry } from './search-index.ts'

const KEY = new Uint8Array(32).fill(7)
const filterOf = (query: string) => parseQuery(query).filter

const ENTRY: IndexedEntry = {
  index: 0,
  recordedAt: 0,
  core: { action: 'order.placed', outcome: 'success' },
  personal: {
    actor: { id: 'Anna', name: 'Anna Karenina' },
    targets: [{ id: 't-1' }, { id: 2 }],
    source: { ip: '2001:DB8::0:1' },
    session_id: '01890A5D-ac96-774b-bcce-b302099a8057',
    labels: { team: 'red', Team: 'blue', empty: '' },
    response: { status: 404 },
    message: 'who am I',
  },
}
const blindEntry = blinded(KEY, ENTRY)

test('an entry keeps its core, and of the personal group nothing but hashes', () => {
  expect(blindEntry.core).toBe(ENTRY.core)
  const { labels, ...more } = blindEntry.personal as { labels: Record<string, unknown> }
  expect(more).toEqual({})
  expect(Object.keys(labels)).toHaveLength(8)
  for (const [name, value] of Object.entries(labels)) {
    expect(name).toMatch(/^z[0-9a-f]{24}$/)
    expect(value).toBe(true)
  }
  expect(blinded(KEY, ENTRY)).toEqual(blindEntry)
  expect(blinded(new Uint8Array(32), ENTRY)).not.toEqual(blindEntry)
  const erased = { ...ENTRY, personal: undefined }
  expect(blinded(KEY, erased)).toBe(erased)
})

describe('a filter on hashes holds wherever the filter holds', () => {
  test.each([
    ['actor.id:Anna', true, true],
    ['actor.id:anna', true, true],
    ['actor.id:bob', false, true],
    ['targets.id:t-1', true, true],
    ['targets.id:2', true, true],
    ['targets.id:2.0', true, false],
    ['source.ip:"2001:db8:0::1"', true, true],
    ['session_id:01890a5d-ac96-774b-bcce-b302099a8057', true, false],
    ['labels.team:red', true, true],
    ['labels.team:blue', false, true],
    ['labels.Team:blue', true, true],
    ['response.status:404', true, true],
    ['response.status:404.0', true, false],
    ['response.status:(200, 404)', true, true],
    ['actor.id:(bob, anna) action:order.*', true, true],
    ['actor.id:bob OR action:order.placed', true, true],
    ['NOT actor.id:bob', true, true],
    ['NOT actor.id:anna', false, true],
    ['NOT targets.id:2.0', undefined, false],
    ['actor.name:"Anna Karenina"', undefined, false],
    ['actor.name:"Anna Karenina" OR actor.id:bob', undefined, false],
    ['actor.name:"Anna Karenina" actor.id:bob', false, false],
    ['NOT (actor.name:x OR actor.id:bob)', undefined, false],
    ['has:actor.id', undefined, false],
  ] as const)('%s', (query, holds, exact) => {
    const blind = blindFilter(KEY, filterOf(query))
    expect(blind.exact).toBe(exact)
    const found = blind.filter && recordMatcher(blind.filter, { nowMs: 0 })(blindEntry)
    expect(found).toBe(holds)
    // What may be left out must not be among what matches.
    if (found === false) expect(recordMatcher(filterOf(query), { nowMs: 0 })(ENTRY)).toBe(false)
  })
})

test.each([
  'anna',
  'NOT anna',
  'actor.id:a*',
  'actor.id:*a',
  'actor.id:/a/',
  'actor.id:>a',
  'source.ip:10.0.0.0/8',
  'message:am',
  'NOT (outcome:success OR labels.team:r*)',
  'stream.hash:a*',
])('%s is refused', (query) => {
  expect(() => assertAnswerable(filterOf(query))).toThrow(/content is encrypted/)
})

test.each([
  '',
  'actor.id:a',
  'action:a*',
  'latency_ms:>5',
  'last:5m',
  'service:/a/',
  'has:actor.name',
  'stream.seq:>5',
])('%s is answered', (query) => {
  expect(() => assertAnswerable(filterOf(query))).not.toThrow()
})
