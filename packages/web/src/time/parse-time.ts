/** Times as people type them. */
import { timeText } from './format-time.ts'

const TYPED =
  /^(?<date>\d{4}-\d{2}-\d{2})(?:[T ](?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?<zone>Z|[+-]\d{2}:?\d{2})?)?$/i

/** ISO, in UTC. What names no zone of its own is meant in `zone`, a day as its beginning; undefined for what is no time. */
export function parseTime(text: string, zone: string): string | undefined {
  const typed = TYPED.exec(text.trim())?.groups
  if (typed === undefined) return undefined
  const { date, time = '00:00', zone: own = 'Z' } = typed
  const at = Date.parse(`${date}T${time}${own}`)
  if (Number.isNaN(at)) return undefined
  if (typed['zone'] !== undefined) return new Date(at).toISOString()
  // The clock there may be changed between the guess and the time that is meant: looked at twice.
  const guess = at - offsetMs(at, zone)
  return new Date(at - offsetMs(guess, zone)).toISOString()
}

/** As it is typed: in `zone` where that says it, and in UTC in the hour that the clock goes through twice. */
export function typedTime(iso: string, zone: string): string {
  const text = iso === '' ? undefined : timeText(iso, zone)
  if (text === undefined) return iso
  const typed = `${text.date} ${text.time.replace(/(:00)?\.000$/, '')}`
  return parseTime(typed, zone) === new Date(iso).toISOString() ? typed : iso
}

/** How far the clocks of a zone are before UTC. */
function offsetMs(at: number, zone: string): number {
  const { date, time } = timeText(new Date(at).toISOString(), zone)! // of a number that is a time
  return Date.parse(`${date}T${time}Z`) - at
}
