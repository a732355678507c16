/** What the narrow row of an entry holds beside its shape. */
import { compileField, parseDecimal, recordTimeMs, resolveField } from '@trailproof/core/query'
import { SEVERAL_STATUSES } from './row-conditions.ts'
import type { IndexedEntry } from './search-index.ts'

export interface IndexRow {
  /** The producer's time, ms since 1970. */
  readonly at: number
  /** Undefined: none, or the empty one. */
  readonly actor: string | undefined
  readonly status: number | null
  readonly latencyMs: number | null
}

export function indexRow(entry: IndexedEntry): IndexRow {
  return {
    at: recordTimeMs(entry),
    actor: actorOf(entry),
    status: statusOf(entry),
    latencyMs: numberOf(entry.core['latency_ms']),
  }
}

const anyStatus = compileField(resolveField('response.status')!)

export function actorOf({ personal }: IndexedEntry): string | undefined {
  const id = memberOf(personal?.['actor'], 'id')
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** The response's status; null where there is none that is a number. */
function statusOf(entry: IndexedEntry): number | null {
  const numbers = new Set<number>()
  anyStatus(entry, (value) => {
    const number = numberOf(value)
    if (number !== null) numbers.add(number)
    return false
  })
  if (numbers.size > 1) return SEVERAL_STATUSES
  return numbers.size === 1 ? [...numbers][0]! : null
}

function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value
  return (typeof value === 'string' ? parseDecimal(value) : undefined) ?? null
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}
