/**
 * Mends the few wrong types that can only mean one thing, so that a record is not refused for them, and names
 * each place in `coerced`. Runs only for a record that the schema refused.
 */

import { actorType, targetTypes } from './core-copies.ts'
import type { JsonObject } from './item.ts'
import { pointer } from './problem.ts'
import type { MappedRecord } from './stored-record.ts'

/** A copy in which what could be mended is mended; the rest is as it was. */
export function repaired(record: MappedRecord): MappedRecord {
  const coerced = new Set<string>(record.personal.coerced ?? [])
  const core: Record<string, unknown> = { ...record.core }
  const personal: Record<string, unknown> = { ...record.personal }
  const numbersToText = (holder: Record<string, unknown>, names: readonly string[], path: string): void => {
    for (const name of names) {
      const value = holder[name]
      if (typeof value !== 'number') continue
      holder[name] = String(value)
      coerced.add(pointer(path, name))
    }
  }
  numbersToText(core, CORE_TEXTS, '')
  numbersToText(personal, PERSONAL_TEXTS, '')
  mendLatency(core, personal, coerced)
  mendSeq(core, coerced)

  if (typeof personal['actor'] === 'string' || typeof personal['actor'] === 'number') {
    personal['actor'] = { id: String(personal['actor']) }
    coerced.add('/actor')
  } else if (isObject(personal['actor'])) {
    const actor = { ...personal['actor'] }
    numbersToText(actor, ['id', 'name', 'type'], '/actor')
    personal['actor'] = actor
  }
  for (const name of ['targets', 'changes', 'errors', 'integrations', 'internal_steps'])
    if (isObject(personal[name])) {
      personal[name] = [personal[name]]
      coerced.add(`/${name}`)
    }
  if (Array.isArray(personal['targets']))
    personal['targets'] = personal['targets'].map((target: unknown, i) => {
      if (!isObject(target)) return target
      const copy = { ...target }
      numbersToText(copy, ['id', 'name', 'type'], `/targets/${i}`)
      return copy
    })
  if (typeof personal['errors'] === 'string') personal['errors'] = [personal['errors']]
  if (Array.isArray(personal['errors']))
    personal['errors'] = personal['errors'].map((error: unknown, i) => {
      if (typeof error !== 'string') return error
      coerced.add(`/errors/${i}`)
      return { message: error }
    })
  core['actor_type'] = actorType(personal['actor'])
  core['target_types'] = targetTypes(personal['targets'])
  if (coerced.size > 0) personal['coerced'] = [...coerced]
  return { core, personal } as unknown as MappedRecord // checked again by the caller
}

const CORE_TEXTS = [
  'causation_id',
  'environment',
  'host',
  'parent_span_id',
  'request_id',
  'service',
  'service_version',
  'severity',
  'span_id',
  'trace_id',
] as const
const PERSONAL_TEXTS = ['message', 'reason', 'session_id'] as const

/** A number as text; digits that a double cannot hold stay in metadata. */
function mendLatency(
  core: Record<string, unknown>,
  personal: Record<string, unknown>,
  coerced: Set<string>,
): void {
  const text = core['latency_ms']
  if (typeof text !== 'string' || !NUMBER.test(text)) return
  core['latency_ms'] = Number(text)
  coerced.add('/latency_ms')
  if (String(Number(text)) === text) return
  const metadata = isObject(personal['metadata']) ? { ...personal['metadata'] } : {}
  let name = 'latency_ms'
  while (Object.hasOwn(metadata, name)) name = `top_level_${name}`
  metadata[name] = text
  personal['metadata'] = metadata
}

function mendSeq(core: Record<string, unknown>, coerced: Set<string>): void {
  if (!isObject(core['stream'])) return
  const stream = { ...core['stream'] }
  if (typeof stream['seq'] === 'string' && DIGITS.test(stream['seq'])) {
    stream['seq'] = Number(stream['seq'])
    coerced.add('/stream/seq')
  }
  if (typeof stream['id'] === 'number') {
    stream['id'] = String(stream['id'])
    coerced.add('/stream/id')
  }
  core['stream'] = stream
}

const NUMBER = /^\d{1,40}(?:\.\d{1,40})?$/
/** At most 2^53 - 1 by its length; 16 digits may be more, and are then left for the schema to refuse. */
const DIGITS = /^(?:0|[1-9]\d{0,14})$/

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
