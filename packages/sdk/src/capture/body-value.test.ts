import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { Cut } from '../recorder/snapshot.ts'
import { BodyCapture } from './body-capture.ts'
import { bodyValue } from './body-value.ts'

interface Said {
  readonly contentType?: string
  readonly encoding?: string
}

function valueOf(
  chunks: readonly (string | Uint8Array)[],
  { contentType = 'application/json', encoding }: Said,
  bytesMax = 65_536,
): { readonly value: unknown; readonly cuts: readonly Cut[] } {
  const body = new BodyCapture(bytesMax)
  for (const chunk of chunks) body.add(chunk)
  const cuts: Cut[] = []
  return { value: bodyValue(body, { contentType, encoding, path: '/body' }, cuts), cuts }
}

const JSON_TEXT = '{"id":7,"name":"é"}'
const NOISE = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * i * 31 + i * 7) & 0xff))

describe('a body that is said to be compressed', () => {
  test.each([
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('with %s and is, is read', (encoding, compress) => {
    expect(valueOf([compress(JSON_TEXT)], { encoding }).value).toEqual({ id: 7, name: 'é' })
  })

  test.each(['gzip', 'deflate', 'br', 'zstd', 'gzip, br', 'unheard-of'])(
    'with %s and is not yet, is what it is',
    (encoding) => {
      const value = { id: 7, name: 'é' }
      expect(valueOf([JSON_TEXT], { encoding }).value).toEqual(value)
      expect(valueOf([Buffer.from(JSON_TEXT)], { encoding }).value).toEqual(value)
      expect(valueOf(['{"id":7,', Buffer.from('"name":"é"}')], { encoding }).value).toEqual(value)
      const html = '<p>\r\n\té</p>'
      expect(valueOf([Buffer.from(html)], { encoding, contentType: 'text/html' }).value).toBe(html)
      expect(valueOf([Buffer.from('{"id":')], { encoding }).value).toBe('{"id":')
    },
  )

  test('and is not yet, is cut as others are', () => {
    const { value, cuts } = valueOf(['{"id":7,', '"name":"a"}'], { encoding: 'gzip' }, 10)
    expect(value).toBe('{"id":7,"n')
    expect(cuts).toMatchObject([{ path: '/body', size: 19 }])
  })

  test.each([
    ['is noise', NOISE, 'application/json', 65_536],
    ['is noise of a charset that takes all bytes', NOISE, 'text/plain; charset=iso-8859-1', 65_536],
    ['is a bomb', gzipSync(Buffer.alloc(100_000, 'a')), 'text/plain; charset=latin1', 65_536],
    ['was cut', gzipSync(NOISE.toString('hex')), 'text/plain; charset=latin1', 40],
    ['is broken', gzipSync(JSON_TEXT).subarray(0, 20), 'application/json', 65_536],
  ])('and %s, is counted', (_case, bytes, contentType, bytesMax) => {
    const { value, cuts } = valueOf([bytes], { contentType, encoding: 'gzip' }, bytesMax)
    expect(value).toBe(`[${bytes.length} bytes of ${contentType.split(';')[0]}, gzip]`)
    expect(cuts).toEqual([])
  })

  test('and is of a binary type, is counted', () => {
    expect(valueOf(['text'], { contentType: 'image/png', encoding: 'gzip' }).value).toBe(
      '[4 bytes of image/png]',
    )
  })
})

test.each([
  ['identity', JSON_TEXT, { id: 7, name: 'é' }],
  [' Identity ', JSON_TEXT, { id: 7, name: 'é' }],
  ['', 'no json', 'no json'],
])('a body that is said to be plain is read: %j', (encoding, text, value) => {
  expect(valueOf([Buffer.from(text)], { encoding }).value).toEqual(value)
})
