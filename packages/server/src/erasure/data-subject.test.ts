import { expect, test } from 'vitest'
import { concerns, namer, subjectHash } from './data-subject.ts'

const anna = { id: 'u-1', type: undefined }
const userAnna = { id: 'u-1', type: 'user' }

test.each<[string, unknown, boolean, boolean]>([
  ['what they did', { actor: { type: 'user', id: 'u-1' } }, true, true],
  ['what another type of that id did', { actor: { type: 'service', id: 'u-1' } }, true, false],
  ['what was done to them', { targets: [{ id: 'o-7' }, { type: 'user', id: 'u-1' }] }, true, true],
  [
    'what was done in their name',
    { actor: { id: 's', on_behalf_of: { type: 'user', id: 'u-1' } } },
    true,
    true,
  ],
  ['in their name, by an id alone', { actor: { id: 's', on_behalf_of: 'u-1' } }, true, true],
  ['another spelling', { actor: { type: 'user', id: 'U-1' } }, false, false],
  ['a longer id', { actor: { type: 'user', id: 'u-11' } }, false, false],
  ['their id elsewhere', { metadata: { id: 'u-1' } }, false, false],
  ['nothing that is expected', { actor: null, targets: [null, 7, 'x'] }, false, false],
])('concerns: %s', (_, personal, expected, expectedOfType) => {
  const text = JSON.stringify(personal)
  expect([concerns(text, anna), concerns(text, userAnna)]).toEqual([expected, expectedOfType])
})

test.each<[string, string, boolean]>([
  ['u-1', '{"asked":{"actor":"u-1"}}', true],
  ['u-1', 'actor:u-1 last:7d', true],
  ['u-1', 'actor:u-11', false],
  ['u-1', 'actor:xu-1', false],
  ['a.b+c@example.com', 'q="a.b+c@example.com"', true],
  ['a.b+c@example.com', 'q="aXb+c@example.com"', false],
  ['Ünal', 'actor.name:Ünal', true],
  ['nal', 'actor.name:Ünal', false],
  [String.raw`(.*)\d[`, String.raw`x (.*)\d[ y`, true],
  ['$&', 'costs $& more', true],
])('%s is named in %s: %s', (id, text, expected) => {
  expect(namer({ id, type: undefined })(text)).toBe(expected)
})

test('the hash tells subjects, types and ledgers apart', () => {
  const [one, two] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array]
  const hashes = [
    subjectHash(anna, one),
    subjectHash(userAnna, one),
    subjectHash({ id: 'u-2', type: undefined }, one),
    subjectHash(anna, two),
  ]
  expect(new Set(hashes).size).toBe(4)
  expect(subjectHash(anna, one)).toBe(hashes[0])
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/)
})
