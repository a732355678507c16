import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { entriesPath, parseTilePath, tilePath } from './index.ts'

const index = fc.oneof(fc.nat(2000), fc.maxSafeNat())
const width = fc.integer({ min: 1, max: 256 })

test('paths are parsed into what wrote them', () => {
  expect(tilePath(0, 1234067)).toBe('tile/0/x001/x234/067')
  expect(tilePath(63, 5, 255)).toBe('tile/63/005.p/255')
  expect(entriesPath(999, 256)).toBe('tile/entries/999')
  fc.assert(
    fc.property(fc.nat(63), index, width, (level, n, w) => {
      expect(parseTilePath(tilePath(level, n, w))).toEqual({ kind: 'tile', level, index: n, width: w })
      expect(parseTilePath(entriesPath(n, w))).toEqual({ kind: 'entries', index: n, width: w })
    }),
  )
})

test.each([
  '',
  'tile',
  'tile/0',
  'tile/0/',
  'tile/0/0',
  'tile/0/00',
  'tile/0/0000',
  'tile/00/000',
  'tile/64/000',
  'tile/-1/000',
  'tile/0/x000',
  'tile/0/x000/001',
  'tile/0/x001/x000/x001',
  'tile/0/001/002',
  'tile/0/001/',
  '/tile/0/001',
  'tile/0/001\n',
  'tile/0/001.p',
  'tile/0/001.p/',
  'tile/0/001.p/0',
  'tile/0/001.p/01',
  'tile/0/001.p/256',
  'tile/0/001.p/1000',
  'tile/0/001.p/5/',
  'tile/0/x009/x007/x199/x254/x740/992',
  'tile/0/x999/x999/x999/x999/x999/x999/999',
  'tile/entries/1',
  'tile/Entries/001',
  'tile/0/../001',
  'tile/0/٠٠١',
  'tile/0/1e3',
  'tile/0/%30%30%30',
])('refuses %j', (path) => {
  expect(parseTilePath(path).kind).toBe('problem')
})

test('one tile has one name', () => {
  const piece = fc.constantFrom(
    'tile/',
    '0/',
    '1/',
    'entries/',
    'x',
    '0',
    '00',
    '001',
    '/',
    '.p/',
    '7',
    '256',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const path = pieces.join('')
      const parsed = parseTilePath(path)
      const written =
        parsed.kind === 'tile'
          ? tilePath(parsed.level, parsed.index, parsed.width)
          : parsed.kind === 'entries'
            ? entriesPath(parsed.index, parsed.width)
            : path // refused, as it should be
      expect(written).toBe(path)
    }),
  )
})
