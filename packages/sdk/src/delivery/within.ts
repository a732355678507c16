import type { Clock } from './clock.ts'

/** Whether the work ended in time; the process stays alive for so long. An error of the work is its end, too. */
export function within(ms: number, work: Promise<unknown>, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.after(Math.max(1, ms), () => resolve(false), { keepsAlive: true })
    const ended = (): void => {
      timer.cancel()
      resolve(true)
    }
    work.then(ended, ended)
  })
}
