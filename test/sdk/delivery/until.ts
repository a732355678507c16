import { setImmediate } from 'node:timers/promises'
import type { FakeClock } from './fake-clock.ts'
import type { WatchedDisk } from './watched-disk.ts'

/** Moves a clock on until something is so; time stands still while the disk works. */
export async function until(clock: FakeClock, disk: WatchedDisk, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await setImmediate()
    if (disk.pending === 0) await clock.advance(1)
  }
}
