import { expect, test } from 'vitest'
import { readCacheAddress } from './cache-address.ts'

test.each([
  ['', undefined],
  ['redis://h', { url: 'redis://h', prefix: 'trailproof' }],
  ['rediss://u:p%40w@h:6380/3?prefix=a:b', { url: 'rediss://u:p%40w@h:6380/3', prefix: 'a:b' }],
])('%s', (text, expected) => {
  expect(readCacheAddress(text)).toEqual(expected)
})

test.each([
  'memcached://h',
  'redis://',
  'redis://h/db',
  'redis://h?prefix=',
  'redis://h?prefix=a*',
  'redis://h?ttl=3',
  'redis://u:hunter%@h',
  'kafka://h',
])('no address, and nothing of it is repeated: %s', (text) => {
  expect(() => readCacheAddress(text)).toThrow(
    expect.objectContaining({
      code: 'BAD_SETTING',
      message: expect.not.stringContaining('hunter') as string,
    }),
  )
})
