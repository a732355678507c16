import { expect, test } from 'vitest'
import { resolveOptions } from './opensearch-options.ts'

test.each([
  ['opensearch://search', ['http://search:9200'], undefined, 'trailproof'],
  ['opensearch://a:1,b:2/audit_1', ['http://a:1', 'http://b:2'], undefined, 'audit_1'],
  ['opensearchs://u:p%40ss@search:443/', ['https://search:443'], 'u:p@ss', 'trailproof'],
  ['opensearch://[::1]:9201/x', ['http://[::1]:9201'], undefined, 'x'],
  ['opensearch://[::1]', ['http://[::1]:9200'], undefined, 'trailproof'],
])('reads %s', (url, origins, user, prefix) => {
  const options = resolveOptions({ url })
  expect(options).toMatchObject({ origins, prefix })
  const authorization = user && `Basic ${Buffer.from(user).toString('base64')}`
  expect(options.authorization).toBe(authorization)
})

test.each([
  'http://search:9200',
  'opensearch://',
  'opensearch://a:b:c',
  'opensearch://a,,b',
  'opensearch://search/Big',
  'opensearch://search/-x',
  'opensearch://search/a*',
  'opensearch://search/a/b',
  'opensearch://search/a?tls=true',
  'opensearch://%zz@search',
])('refuses %s, and tells no password', (url) => {
  expect(() => resolveOptions({ url })).toThrow(expect.objectContaining({ code: 'BAD_SETTING' }))
})
