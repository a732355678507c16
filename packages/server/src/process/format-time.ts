/** µs since 1970 as RFC 3339 with six digits: `2026-01-31T12:00:00.000000Z`. */
export function formatMicros(micros: number): string {
  if (micros === lastMicros) return lastText
  lastMicros = micros
  const ms = Math.floor(micros / 1000)
  return (lastText = `${new Date(ms).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`)
}

/** All records of a commit share one time: the last text is nearly always the next one too. */
let lastMicros = -1
let lastText = ''
