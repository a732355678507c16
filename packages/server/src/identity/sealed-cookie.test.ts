import { expect, test } from 'vitest'
import { CookieSeal } from './sealed-cookie.ts'

test('what was sealed opens for its purpose, in its time, and unchanged', () => {
  let now = 1000
  const secret = new Uint8Array(32).fill(7)
  const seal = new CookieSeal(secret, 'logins', () => now)
  const sealed = seal.seal({ state: 'a' }, 500)
  expect(seal.open(sealed)).toEqual({ state: 'a' })
  expect(seal.seal({ state: 'a' }, 500)).not.toBe(sealed)
  expect(new CookieSeal(secret, 'another', () => now).open(sealed)).toBeUndefined()
  expect(new CookieSeal(new Uint8Array(32), 'logins', () => now).open(sealed)).toBeUndefined()
  const bytes = Buffer.from(sealed, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    expect(seal.open(changed.toString('base64url'))).toBeUndefined()
  }
  for (const text of ['', 'nonsense', 'A'.repeat(38)]) expect(seal.open(text)).toBeUndefined()
  now = 1500
  expect(seal.open(sealed)).toBeUndefined()
})
