/** Times as people read them: ISO order, 24 hours, in a zone that is said. */

const formats = new Map<string, Intl.DateTimeFormat>()

function formatIn(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known) return known
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  })
  formats.set(zone, format)
  return format
}

export interface TimeText {
  /** `2026-11-22` */
  readonly date: string
  /** `10:23:55.724` */
  readonly time: string
}

/** Undefined for what is no time. */
export function timeText(iso: string, zone: string): TimeText | undefined {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime())) return undefined
  const parts = Object.fromEntries(
    formatIn(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  )
  const { year, month, day, hour, minute, second, fractionalSecond } = parts
  return {
    date: `${year}-${month}-${day}`,
    time: `${hour}:${minute}:${second}.${fractionalSecond}`,
  }
}

/** A duration, as short as can be read: `15 ms`, `1.25 s`, `2.0 min`. */
export function msText(ms: number): string {
  if (ms >= 60_000) return `${(ms / 60_000).toFixed(1)} min`
  return ms >= 1000 ? `${(ms / 1000).toFixed(2)} s` : `${Number(ms.toFixed(1))} ms`
}
