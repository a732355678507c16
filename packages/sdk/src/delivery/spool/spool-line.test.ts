import { describe, expect, test } from 'vitest'
import { sealed, seqsOf } from '../../../../../test/sdk/delivery/scripted-sink.ts'
import { beginsLikeLine, readSpoolLine, salvage, spoolLine } from './spool-line.ts'

const withoutNewline = (line: Buffer): Buffer => line.subarray(0, -1)

describe('a line of the spool', () => {
  test('gives back the record', () => {
    const record = sealed(7, { text: 'Zürich \u{1f600} "\\n"' })
    const line = spoolLine(record)
    expect(line.at(-1)).toBe(0x0a)
    expect(beginsLikeLine(line)).toBe(true)
    expect(readSpoolLine(withoutNewline(line))).toEqual(record)
  })

  test('is refused with any byte flipped or cut', () => {
    const line = withoutNewline(spoolLine(sealed(7)))
    for (let at = 0; at < line.length; at++) {
      const flipped = Buffer.from(line)
      flipped[at]! ^= 0x01
      expect(readSpoolLine(flipped), `byte ${at} flipped`).toBeUndefined()
      expect(readSpoolLine(line.subarray(0, at)), `cut to ${at}`).toBeUndefined()
    }
  })

  test.each(['', 'x', '00000000 ', `00000000 {}`, '\0'.repeat(100)])('is never made of %j', (text) => {
    expect(readSpoolLine(Buffer.from(text))).toBeUndefined()
  })
})

const join = (...parts: (Buffer | string)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part)))

describe('of a line that is damaged', () => {
  const [one, two, three] = [sealed(1), sealed(2), sealed(3)].map((record) =>
    withoutNewline(spoolLine(record)),
  ) as [Buffer, Buffer, Buffer]
  const broken = Buffer.from(two)
  broken[20]! ^= 0x01
  const decoy = withoutNewline(spoolLine(sealed(4, { text: 'like 12345678 {"a":1} this' })))

  test.each<[string, Buffer, number[], number]>([
    ['a lost newline between two', join(one, 'x', two), [1, 2], 0],
    ['two lost newlines', join(one, 'x', two, 'y', three), [1, 2, 3], 0],
    ['a changed last newline', join(one, 'x'), [1], 0],
    ['a damaged one between two', join(one, 'x', broken, 'y', three), [1, 3], 1],
    ['a damaged one first', join(broken, 'x', three), [3], 1],
    ['nothing else', broken, [], 1],
    ['a record that holds what looks like a start', join(decoy, 'x', one), [4, 1], 0],
    ['noise', join('\0\0\0\0'), [], 1],
  ])('what is whole is kept: %s', (_, bytes, seqs, damaged) => {
    const found = salvage(bytes)
    expect(seqsOf(found.records)).toEqual(seqs)
    expect(found.damaged).toBe(damaged)
  })
})
