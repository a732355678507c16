/** A line that moves while something long goes on; silent where nobody watches. */
import type { Context } from '../context.ts'
import { painterOf } from './paint.ts'

const REDRAW_MS = 100
const BAR_WIDTH = 24

export interface Progress extends Disposable {
  /** `total` undefined: only counts. */
  update(done: number, total: number | undefined, note?: string): void
}

export function startProgress({ stderr, now }: Context, label: string, unit: string): Progress {
  if (!stderr.isTTY) return { update: () => {}, [Symbol.dispose]: () => {} }
  const paint = painterOf(stderr)
  const startedAt = now()
  let drawnAt = 0
  return {
    update(done, total, note = '') {
      const at = now()
      if (at - drawnAt < REDRAW_MS) return
      drawnAt = at
      const share = total === undefined || total === 0 ? undefined : Math.min(1, done / total)
      const filled = Math.round((share ?? 0) * BAR_WIDTH)
      const bar =
        share === undefined
          ? ''
          : `${paint('cyan', '━'.repeat(filled))}${paint('dim', '━'.repeat(BAR_WIDTH - filled))} ${String(Math.floor(share * 100)).padStart(3)} % `
      const seconds = Math.max(0.001, (at - startedAt) / 1000)
      const rate = `${formatCount(Math.round(done / seconds))} ${unit}/s`
      stderr.write(`\r\x1b[2K${label} ${bar}${formatCount(done)} ${unit}, ${rate}${note && `, ${note}`}`)
    },
    [Symbol.dispose]() {
      if (drawnAt !== 0) stderr.write('\r\x1b[2K')
    },
  }
}

/** `1234567` as `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** `1 entry`, `2 entries`. */
export function formatEntries(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'entry' : 'entries'}`
}

export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  const seconds = ms / 1000
  return seconds < 60
    ? `${seconds.toFixed(1)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}
