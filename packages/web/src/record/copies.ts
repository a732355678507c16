/** A record as texts that go elsewhere: into a ticket, a terminal, a chat. Times are UTC, and what is masked stays so. */
import type { Change, ShownRecord } from '../api/answers.ts'

const VALUE_CHARS_MAX = 200

/** The address of the page with this record, whatever else is asked there. */
export function linkTo({ ledger, id }: ShownRecord, page: string): string {
  const query = new URLSearchParams({ last: '', ledger, record: id })
  return `${page.split('#')[0]}#/?${query}`
}

/** A request for the record, for a POSIX shell; the key is taken from where the command line takes it. */
export function curlFor({ ledger, id }: ShownRecord, page: string): string {
  const address = new URL(`v1/events/${encodeURIComponent(id)}`, page.split('#')[0])
  address.searchParams.set('ledger', ledger)
  return `curl -H "Authorization: Bearer $TRAILPROOF_TOKEN" '${address.href.replaceAll("'", '%27')}'`
}

/** A few lines for people. */
export function summaryOf(record: ShownRecord, page: string): string {
  const { action, kind, outcome, reason, message, changes = [], index, ledger } = record
  const at = new Date(record.timestamp ?? record.recorded_at)
  const time = Number.isNaN(at.getTime()) ? record.recorded_at : at.toISOString()
  return [
    [time, action ?? kind, outcome].filter((part) => part !== undefined).join('  '),
    whoAndWhat(record),
    message,
    reason === undefined ? undefined : `Reason: ${reason}`,
    ...changes.map(changeLine),
    `Entry ${index} of ledger ${ledger}: ${linkTo(record, page)}`,
  ]
    .filter((line) => line !== undefined && line !== '')
    .join('\n')
}

function whoAndWhat({ actor, targets = [], service }: ShownRecord): string {
  const who = actor?.name ?? actor?.id
  const id = actor?.id && actor.name ? ` (${actor.id})` : ''
  const what = targets.map(({ type, id: target }) => [type, target].filter(Boolean).join(' ')).join(', ')
  return [who && `by ${who}${id}`, what && `on ${what}`, service && `in ${service}`].filter(Boolean).join(' ')
}

function changeLine({ path, old, new: now, redacted }: Change): string {
  return redacted ? `${path}: changed, masked` : `${path}: ${valueText(old)} → ${valueText(now)}`
}

function valueText(value: unknown): string {
  if (value === undefined) return 'nothing'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= VALUE_CHARS_MAX ? text : `${text.slice(0, VALUE_CHARS_MAX - 1)}…`
}
