import { expect, test } from 'vitest'
import { hostUrls, resolveOptions, withoutPassword } from './postgres-options.ts'

test.each([
  ['postgres://u:p@a:1/d', ['postgres://u:p@a:1/d']],
  [
    'postgres://u:p@a:1,b:2/d?sslmode=require',
    ['postgres://u:p@a:1/d?sslmode=require', 'postgres://u:p@b:2/d?sslmode=require'],
  ],
  ['postgresql://a,b', ['postgresql://a', 'postgresql://b']],
  ['postgres://u@[::1]:1,[::2]:1/d', ['postgres://u@[::1]:1/d', 'postgres://u@[::2]:1/d']],
  ['postgres://u:p@ss@a/d', ['postgres://u:p@ss@a/d']],
  ['postgres://a/d?target_session_attrs=read-write', ['postgres://a/d']],
  ['postgres://a/d?target_session_attrs=any&sslmode=require', ['postgres://a/d?sslmode=require']],
  ['postgres://a/d?sslmode=require&target_session_attrs=any', ['postgres://a/d?sslmode=require']],
  ['postgres://u@/d?host=/var/run/postgresql', ['postgres://u@/d?host=/var/run/postgresql']],
])('reads the hosts of %s', (url, expected) => {
  expect(hostUrls(url)).toEqual(expected)
})

test.each([['mysql://a/b'], [''], ['a:5432'], ['postgres:/a']])('refuses %j as a URL', (url) => {
  expect(() => hostUrls(url)).toThrow(/postgres:\/\/user/)
})

test.each([
  ['postgres://u:secret@a/d', 'postgres://u@a/d'],
  ['postgres://u:sec:r@et@a,b/d', 'postgres://u@a,b/d'],
  ['postgres://:secret@a/d', 'postgres://@a/d'],
  ['postgres://a/d?password=secret&x=1', 'postgres://a/d?password=…&x=1'],
  ['postgres://u@a:5432/d', 'postgres://u@a:5432/d'],
])('shows %s without its password', (url, expected) => {
  expect(withoutPassword(url)).toBe(expected)
})

test.each([['a-b'], ['A'], ['x"; DROP SCHEMA public; --'], ['1'], ['x'.repeat(21)]])(
  'refuses the schema prefix %s',
  (schemaPrefix) => {
    expect(() => resolveOptions({ url: 'postgres://a/b', schemaPrefix })).toThrow(/schema prefix/)
  },
)
