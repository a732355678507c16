/** What every KeyRing must do. */
import { randomBytes } from 'node:crypto'
import type { KeyRing } from '@trailproof/server/ports'
import { beforeEach, describe, expect, test } from 'vitest'

export interface KeyRingDriver {
  readonly name: string
  /** A key ring with one master key of its own. */
  open(): Promise<KeyRing>
  /** Makes a new master key, as its keeper would, which wraps from now on; those before it still unwrap. */
  rotate(): Promise<void>
  /** Another key ring, with other keys of the same kind. */
  stranger(): Promise<KeyRing>
}

const CONTEXT = { ledger: 'main', key: '0123456789abcdef' }

export function keyRingSuite(driver: KeyRingDriver): void {
  describe(`KeyRing: ${driver.name}`, () => {
    let ring: KeyRing
    let dataKey: Uint8Array
    beforeEach(async () => {
      ring = await driver.open()
      dataKey = new Uint8Array(randomBytes(32))
    })

    test('gives back what it wrapped, whatever the order of the context', async () => {
      const wrapped = await ring.wrap(dataKey, CONTEXT)
      expect(wrapped.text).toMatch(/^[\x21-\x7e]+$/)
      expect(wrapped.masterKey).toMatch(/^[\x21-\x7e]+$/)
      expect(Buffer.from(wrapped.text, 'base64').includes(Buffer.from(dataKey))).toBe(false)
      const { key, ledger } = CONTEXT
      expect(await ring.unwrap(wrapped, { key, ledger })).toEqual(dataKey)
    })

    test('wraps differently each time', async () => {
      const texts = await Promise.all([1, 2, 3].map(() => ring.wrap(dataKey, CONTEXT)))
      expect(new Set(texts.map(({ text }) => text)).size).toBe(3)
    })

    test.each([
      { ledger: 'other', key: CONTEXT.key },
      { ledger: 'main', key: 'fedcba9876543210' },
      { ledger: 'main' },
      { ...CONTEXT, more: '' },
    ])('refuses another context: $ledger $key', async (context) => {
      const wrapped = await ring.wrap(dataKey, CONTEXT)
      await expect(ring.unwrap(wrapped, context)).rejects.toMatchObject({ code: 'KEY_MISSING' })
    })

    test('refuses what was changed', async () => {
      const { masterKey, text } = await ring.wrap(dataKey, CONTEXT)
      const at = text.length - 12
      const changed = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
      for (const broken of [changed, text.slice(0, -8), 'x', ''])
        await expect(ring.unwrap({ masterKey, text: broken }, CONTEXT)).rejects.toMatchObject({
          code: 'KEY_MISSING',
        })
    })

    test('wraps with the newest master key, and unwraps what older ones have wrapped', async () => {
      const before = await ring.wrap(dataKey, CONTEXT)
      await driver.rotate()
      const after = await ring.wrap(dataKey, CONTEXT)
      expect(after.text).not.toBe(before.text)
      for (const wrapped of [before, after]) expect(await ring.unwrap(wrapped, CONTEXT)).toEqual(dataKey)
    })

    test('says that the key is missing for what another key ring has wrapped', async () => {
      const wrapped = await (await driver.stranger()).wrap(dataKey, CONTEXT)
      await expect(ring.unwrap(wrapped, CONTEXT)).rejects.toMatchObject({
        code: 'KEY_MISSING',
        retryable: false,
      })
    })

    test.each(['file:0000000000000000', 'vault:transit/keys/gone:v1', 'aws-kms:gone', 'nonsense'])(
      'says that the key is missing for a master key that it has never had: %s',
      async (masterKey) => {
        const { text } = await ring.wrap(dataKey, CONTEXT)
        await expect(ring.unwrap({ masterKey, text }, CONTEXT)).rejects.toMatchObject({ code: 'KEY_MISSING' })
      },
    )
  })
}
