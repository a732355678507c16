import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ExportPosition } from './export-position.ts'

const { cases } = JSON.parse(readFileSync('spec/vectors/export-ndjson.json', 'utf8')) as {
  cases: readonly { file: string }[]
}
const file = Buffer.from(cases[0]!.file)
const markEnd = file.indexOf('\n', file.indexOf('{"mark":')) + 1

function positionAfter(bytes: Buffer, pieceBytes: number): ExportPosition {
  const position = new ExportPosition()
  for (let at = 0; at < bytes.length; at += pieceBytes) position.take(bytes.subarray(at, at + pieceBytes))
  return position
}

test('keeps what is before the last mark, wherever the file was cut and however it came', () => {
  for (const pieceBytes of [1, 7, 1000, file.length])
    for (let cut = 0; cut < file.length; cut++) {
      const position = positionAfter(file.subarray(0, cut), pieceBytes)
      expect(position.isWhole).toBe(false)
      expect(position.keptBytes).toBe(cut < markEnd ? 0 : markEnd)
      if (cut % 97 !== 0) continue
      position.rewind()
      position.take(file.subarray(position.keptBytes))
      expect([position.isWhole, position.keptBytes]).toEqual([true, file.length])
    }
})

test('knows the mark as the server takes it back, and none that was damaged', () => {
  const { mark, header } = positionAfter(file, 100)
  expect(mark).toEqual({ index: 1024, token: '1024.2.0.1.AAAAAAAAAAAAAAAA', end: markEnd })
  expect(header).toMatchObject({ ledger: 'main', from: 1022, to: 1027, query: 'action:payment.*' })
  const damaged = Buffer.from(file.toString().replace('"shown":2', '"shown":3'))
  expect(positionAfter(damaged, 100).mark).toBeUndefined()
})

test('is not whole with something behind the manifest, and takes nothing else for an export', () => {
  expect(positionAfter(Buffer.concat([file, Buffer.from('x')]), 100).isWhole).toBe(false)
  expect(() => positionAfter(Buffer.from('<html>\n'), 3)).toThrow('this is not an export')
})
