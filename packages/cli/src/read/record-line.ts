/** One record as one line of text, in colour: when, what, how it ended, who, on what, where. */
import type { RecordView } from '@trailproof/core'
import { instantMs } from '@trailproof/core/query'
import { type Paint, printable } from '../terminal/paint.ts'

export function recordLine(record: RecordView, paint: Paint): string {
  const { index, action = '', outcome = '', service } = record
  const parts = [
    paint('dim', String(index).padStart(8)),
    paint('dim', timeOf(record)),
    paintOutcome(outcome, outcome.padEnd(7), paint),
    paint('bold', printable(action)),
    ...(actorOf(record) === '' ? [] : [paint('cyan', printable(actorOf(record)))]),
    ...(targetsOf(record) === '' ? [] : [`→ ${printable(targetsOf(record))}`]),
    paint('dim', printable(service)),
  ]
  const message = typeof record.message === 'string' ? ` ${printable(record.message)}` : ''
  const erased = record.erased ? ` ${paint('magenta', '[erased]')}` : ''
  return parts.join('  ') + message + erased
}

export function paintOutcome(outcome: string | undefined, text: string, paint: Paint): string {
  switch (outcome) {
    case 'success':
      return paint('green', text)
    case 'failure':
      return paint('red', text)
    case 'denied':
      return paint('yellow', text)
    default:
      return paint('dim', text)
  }
}

/** The producer's time to the millisecond, in UTC: lines of producers everywhere compare by eye. */
export function timeOf({ timestamp, recorded_at }: RecordView): string {
  const text = timestamp ?? recorded_at
  const ms = instantMs(text)
  return ms === undefined ? text : new Date(ms).toISOString()
}

export function actorOf({ actor }: RecordView): string {
  return actor === undefined ? '' : nameOf(actor)
}

export function targetsOf({ targets }: RecordView): string {
  return (targets ?? []).map(nameOf).join(', ')
}

/** `type:id`, or what there is of it. */
function nameOf(named: { readonly type?: unknown; readonly id?: unknown; readonly name?: unknown }): string {
  const id = named.id ?? named.name
  return [named.type, id].filter((part) => typeof part === 'string' && part !== '').join(':')
}
