import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { clientAddress } from './client-address.ts'

const request = (forwarded: string | undefined, remoteAddress: string | undefined): IncomingMessage =>
  ({ headers: { 'x-forwarded-for': forwarded }, socket: { remoteAddress } }) as unknown as IncomingMessage

test.each([
  [undefined, '::ffff:10.0.0.1', 0, '10.0.0.1'],
  [undefined, '2001:db8::1', 0, '2001:db8::1'],
  ['1.1.1.1', '10.0.0.1', 0, '10.0.0.1'],
  ['1.1.1.1', '10.0.0.1', 1, '1.1.1.1'],
  ['6.6.6.6, 1.1.1.1', '10.0.0.1', 1, '1.1.1.1'],
  ['6.6.6.6, 1.1.1.1, 10.0.0.2', '10.0.0.1', 2, '1.1.1.1'],
  ['1.1.1.1', '10.0.0.1', 9, '1.1.1.1'],
  [undefined, undefined, 0, undefined],
])('X-Forwarded-For %s on %s behind %i proxies comes from %s', (forwarded, remote, proxies, ip) => {
  expect((clientAddress(request(forwarded, remote), proxies) as { ip?: string }).ip).toBe(ip)
})

test('what clients claim is kept as a claim, bounded', () => {
  const long = Array.from({ length: 100 }, (_, i) => `10.0.0.${i}`).join(',')
  const { forwarded } = clientAddress(request(long, '::1'), 0) as { forwarded: string[] }
  expect(forwarded).toHaveLength(32)
  expect(forwarded.at(-1)).toBe('10.0.0.99')
})
