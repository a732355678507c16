/** Durations as people write them: `90s`, `15m`, `24h`, `7d`, `2w`. */

const DURATION = /^(\d{1,9})([smhdw])$/
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Seconds and the one way to write it (no leading zeros), or undefined. */
export function parseDuration(text: string): { seconds: number; text: string } | undefined {
  const [, count, unit] = DURATION.exec(text) ?? []
  if (count === undefined || unit === undefined) return undefined
  return { seconds: Number(count) * UNIT_SECONDS[unit]!, text: `${Number(count)}${unit}` }
}
