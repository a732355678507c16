import { setImmediate } from 'node:timers/promises'
import type { FakeClock } from './fake-clock.ts'

/** Moves a clock on, in small steps between which the disk and the network get their time, until something is so. */
export async function until(clock: FakeClock | undefined, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await clock?.advance(1)
    await setImmediate()
  }
}
