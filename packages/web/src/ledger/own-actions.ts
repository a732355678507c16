/** What a ledger records of itself, by the actions that producers cannot have (spec/record.md). */
import type { ShownRecord } from '../api/answers.ts'

export const OWN_QUERY = 'action:trailproof.* OR action:(stream.gap, stream.gap_filled)'

const TITLES: Readonly<Record<string, string>> = {
  'trailproof.erasure': 'Erasure',
  'trailproof.erasure_of_predecessor': 'Erasure in a ledger before this one',
  'trailproof.hold': 'Legal hold began',
  'trailproof.hold_released': 'Legal hold ended',
  'trailproof.succession': 'Succession',
  'trailproof.conflict': 'Conflict: other content under an id that is taken',
  'trailproof.key_change': 'Change of the signing key',
  'stream.gap': 'Gap: numbers of a stream are missing',
  'stream.gap_filled': 'Gap filled: they came after all',
}

export function titleOf({ action = '', metadata }: ShownRecord): string {
  const { rule, closes } = membersOf(metadata)
  if (action === 'trailproof.erasure' && rule !== undefined) return 'Retention'
  if (action === 'trailproof.erasure' && closes === true) return 'Deletion of the ledger'
  if (rule !== undefined && action === 'trailproof.erasure_of_predecessor')
    return 'Retention in a ledger before this one'
  return TITLES[action] ?? action
}

/** What is said with it, in a line. */
export function saidOf({ metadata, masked }: ShownRecord): string {
  if (masked !== undefined) return 'masked for you'
  const { ledger, ranges, stream, name, authority, reason, rule, predecessor, id } = membersOf(metadata)
  const parts = [
    name,
    rule === undefined ? undefined : `rule ${text(rule)}`,
    Array.isArray(ranges) ? `entries ${ranges.map(rangeText).join(', ')}` : undefined,
    ledger === undefined ? undefined : `of ledger ${text(ledger)}`,
    stream === undefined ? undefined : streamText(membersOf(stream)),
    predecessor === undefined ? undefined : `after ${text(predecessor)}`,
    name === undefined && authority === undefined ? id : undefined,
    authority,
    reason,
  ]
  return parts
    .filter((part) => part !== undefined)
    .map(text)
    .join(' · ')
}

function streamText({ id, from, to }: Readonly<Record<string, unknown>>): string {
  const numbers =
    from === undefined
      ? ''
      : from === to
        ? `, number ${text(from)}`
        : `, numbers ${text(from)} to ${text(to)}`
  return `stream ${text(id)}${numbers}`
}

/** Written with the entry after the last one. */
function rangeText(range: unknown): string {
  const [from, to] = Array.isArray(range) ? (range as readonly number[]) : []
  if (from === undefined || to === undefined) return text(range)
  return to === from + 1 ? String(from) : `${from} to ${to - 1}`
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
