import { BlockList, isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canonicalIp, cidrMatcher, parseCidr, parseIp } from './ip-address.ts'

const address = fc.oneof(fc.ipV4(), fc.ipV6())

test('reads what Node takes for an address, and nothing else', () => {
  const texts = fc.oneof(address, fc.stringMatching(/^[0-9a-f:.]{0,20}$/))
  fc.assert(
    fc.property(texts, (text) => {
      expect(parseIp(text) !== undefined, text).toBe(isIP(text) !== 0)
    }),
    { numRuns: 3000 },
  )
})

test('writes an address in one way, as URL does', () => {
  fc.assert(
    fc.property(address, (text) => {
      const written = canonicalIp(text)!
      expect(canonicalIp(written)).toBe(written)
      if (written.includes(':')) expect(`[${written}]`).toBe(new URL(`http://[${text}]`).hostname)
    }),
  )
})

test.each([
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::FFFF:a00:1', '10.0.0.1'],
  ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
])('%s is written %s', (text, written) => {
  expect(canonicalIp(text)).toBe(written)
})

test.each([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '01.2.3.4',
  '256.1.1.1',
  ':',
  ':::',
  '1::2::3',
  '::1%eth0',
  '1.2.3.4:80',
  'g::',
])('%j is no address', (text) => {
  expect(canonicalIp(text)).toBeUndefined()
})

test.each([
  '10.0.0.0',
  '10.0.0.0/33',
  '10.0.0.0/-1',
  '10.0.0.0/08',
  '/8',
  '::/129',
  '10.0.0.0/8/8',
  '::ffff:10.0.0.0/90',
])('%j is no network', (text) => {
  expect(parseCidr(text)).toBeUndefined()
})

test('a network holds the addresses that Node says', () => {
  const bits = fc.integer({ min: 0, max: 32 })
  fc.assert(
    fc.property(fc.ipV4(), bits, fc.ipV4(), (network, prefixLength, text) => {
      const list = new BlockList()
      list.addSubnet(network, prefixLength)
      const matches = cidrMatcher(parseCidr(`${network}/${prefixLength}`)!)
      expect(matches(text)).toBe(list.check(text))
      expect(matches(network)).toBe(true)
      expect(matches(`::ffff:${network}`)).toBe(true)
    }),
  )
})
