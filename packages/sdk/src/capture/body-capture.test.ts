import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { BodyCapture } from './body-capture.ts'

test('what was captured can be asked for more than once, and more can follow', () => {
  const body = new BodyCapture(4)
  body.add('abc')
  expect(body.captured()).toMatchObject({ size: 3, sha256: undefined })
  body.add(Buffer.from('defg'))
  expect(String(body.captured().bytes)).toBe('abcd')
  for (let n = 0; n < 2; n++)
    expect(body.captured()).toMatchObject({ size: 7, sha256: hash('sha256', 'abcdefg') })
  body.add('h')
  expect(body.captured()).toMatchObject({ size: 8, sha256: hash('sha256', 'abcdefgh') })
})
