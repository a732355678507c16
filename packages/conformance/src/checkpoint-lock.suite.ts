/** What every CheckpointLock must do. */
import type { CheckpointLock } from '@trailproof/server/ports'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

export interface CheckpointLockDriver {
  readonly name: string
  open(): Promise<CheckpointLock>
  reopen(): Promise<CheckpointLock>
  /** A checkpoint that the driver's lock takes for one of `size`. */
  checkpoint(size: number): string
}

export function checkpointLockSuite(driver: CheckpointLockDriver): void {
  describe(`CheckpointLock: ${driver.name}`, () => {
    let lock: CheckpointLock
    beforeEach(async () => {
      lock = await driver.open()
    })
    afterEach(() => lock[Symbol.asyncDispose]())

    test('remembers the last checkpoint of each ledger', async () => {
      expect(await lock.read('main')).toBeUndefined()
      for (const size of [0, 1, 5, 5, 900]) await lock.advance('main', driver.checkpoint(size))
      await lock.advance('other', driver.checkpoint(3))
      await lock[Symbol.asyncDispose]()
      lock = await driver.reopen()
      expect(await lock.read('main')).toBe(driver.checkpoint(900))
      expect(await lock.read('other')).toBe(driver.checkpoint(3))
      expect((await lock.ledgers()).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['main', 'other'])
    })

    test('never goes back', async () => {
      await lock.advance('main', driver.checkpoint(7))
      await expect(lock.advance('main', driver.checkpoint(6))).rejects.toMatchObject({ code: 'HEAD_MOVED' })
      expect(await lock.read('main')).toBe(driver.checkpoint(7))
    })

    test('refuses what is no checkpoint of the ledger', async () => {
      await lock.advance('main', driver.checkpoint(1))
      await expect(lock.advance('main', 'nonsense')).rejects.toMatchObject({ code: 'DATA_DAMAGED' })
      expect(await lock.read('main')).toBe(driver.checkpoint(1))
    })
  })
}
