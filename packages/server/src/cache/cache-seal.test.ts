import { describe, expect, test } from 'vitest'
import { CacheSeal } from './cache-seal.ts'

const seal = new CacheSeal(Buffer.alloc(32, 1))
const value = Buffer.from('{"count":3}')

describe('what a cache holds', () => {
  test('comes back as it was put there, by another server with the same key too', () => {
    const sealed = new CacheSeal(Buffer.alloc(32, 1)).close('a:b', value)
    expect(Buffer.from(seal.open('a:b', sealed)!)).toEqual(value)
  })

  test.each([
    ['under another name', 'a:c', seal.close('a:b', value)],
    ['of another key', 'a:b', new CacheSeal(Buffer.alloc(32, 2)).close('a:b', value)],
    ['with a byte changed', 'a:b', changed(seal.close('a:b', value), -1)],
    ['with a byte of its seal changed', 'a:b', changed(seal.close('a:b', value), 0)],
    ['cut', 'a:b', seal.close('a:b', value).subarray(0, -1)],
    ['shorter than a seal', 'a:b', Buffer.from('garbage')],
    ['that is empty', 'a:b', Buffer.alloc(0)],
    ['without its seal', 'a:b', value],
  ])('%s is not believed', (_, name, sealed) => {
    expect(seal.open(name, sealed)).toBeUndefined()
  })

  test('a name that ends where another value begins is another name', () => {
    const sealed = seal.close('a', Buffer.from('bc'))
    expect(seal.open('ab', Buffer.concat([sealed.subarray(0, 16), Buffer.from('c')]))).toBeUndefined()
  })
})

function changed(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  const place = at < 0 ? copy.length + at : at
  copy[place] = copy[place]! ^ 1
  return copy
}
