/**
 * Other names for our fields: camelCase, the fields of the five systems that Trailproof replaces, and common
 * log libraries (spec/record.md, "Aliases"). An alias is taken only where it can mean one thing; otherwise
 * it stays in `metadata` under its own name, like any unknown field.
 */

import type { Draft } from './draft.ts'
import type { JsonObject } from './item.ts'
import { timestampText } from './timestamp.ts'

/** Takes the value into the draft, or answers false when it does not fit there. */
type Take = (draft: Draft, value: unknown, sent: JsonObject) => boolean

interface Alias {
  readonly take: Take
  /** JSON Pointer of where the value goes. */
  readonly path: string
}

/** The alias for a name that is not one of ours. */
export function aliasFor(name: string): Alias | undefined {
  return ALIASES.get(name)
}

/** Takes a value under its true name, unless that is taken or the value does not fit there. */
function rename(field: string, fits: (value: unknown) => boolean = () => true): Take {
  return (draft, value) => {
    if (draft.fields[field] !== undefined || !fits(value)) return false
    draft.fields[field] = value
    return true
  }
}

/** A member of an object field, which is made when it is not there. */
function member(field: 'actor' | 'source' | 'stream', name: string, more: JsonObject = {}): Take {
  return (draft, value) => {
    if (typeof value !== 'string' && typeof value !== 'number') return false
    const holder = draft.fields[field]
    if (holder !== undefined && !isObject(holder)) return false
    if (holder !== undefined && holder[name] !== undefined) return false
    draft.fields[field] = { ...more, ...holder, [name]: value }
    return true
  }
}

const ACTOR_ID: Alias = { take: member('actor', 'id'), path: '/actor/id' }
const USER_ID: Alias = { take: member('actor', 'id', { type: 'user' }), path: '/actor/id' }
const IP: Alias = { take: member('source', 'ip'), path: '/source/ip' }
const USER_AGENT: Alias = { take: member('source', 'user_agent'), path: '/source/user_agent' }
const TIME: Alias = { take: takeTime, path: '/timestamp' }
const SERVICE: Alias = { take: rename('service'), path: '/service' }
const DURATION: Alias = { take: rename('latency_ms', isCount), path: '/latency_ms' }
const EVENT_TYPE: Alias = { take: takeEventType, path: '/action' }

const ALIASES: ReadonlyMap<string, Alias> = new Map<string, Alias>([
  ...camelCase([
    'trace_id',
    'span_id',
    'parent_span_id',
    'request_id',
    'session_id',
    'causation_id',
    'service_version',
    'latency_ms',
    'internal_steps',
  ]),
  ['serviceName', SERVICE],
  ['service_name', SERVICE],
  ['env', { take: rename('environment', isText), path: '/environment' }],
  ['hostname', { take: rename('host', isText), path: '/host' }],
  ['time', TIME],
  ['ts', TIME],
  ['@timestamp', TIME],
  ['occurred_at', TIME],
  ['occurredAt', TIME],
  ['msg', { take: rename('message', isText), path: '/message' }],
  ['level', { take: takeLevel, path: '/severity' }],
  ['duration_ms', DURATION],
  ['durationMs', DURATION],
  ['steps', { take: rename('internal_steps', isListOfObjects), path: '/internal_steps' }],
  ['result', { take: takeResult, path: '/outcome' }],
  ['error', { take: takeError, path: '/errors/0' }],
  ['hash', { take: member('stream', 'hash'), path: '/stream/hash' }],
  ['prev_hash', { take: member('stream', 'prev_hash'), path: '/stream/prev_hash' }],
  ['actor_id', ACTOR_ID],
  ['actorId', ACTOR_ID],
  ['actor_type', { take: member('actor', 'type'), path: '/actor/type' }],
  ['user_id', USER_ID],
  ['userId', USER_ID],
  ['ip', IP],
  ['ip_address', IP],
  ['client_ip', IP],
  ['user_agent', USER_AGENT],
  ['userAgent', USER_AGENT],
  ['target', { take: takeTarget, path: '/targets/0' }],
  ['entity_id', { take: takeEntity, path: '/targets/0/id' }],
  ['event_type', EVENT_TYPE],
  ['eventType', EVENT_TYPE],
])

function camelCase(fields: readonly string[]): [string, Alias][] {
  return fields.map((field) => [
    field.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
    { take: rename(field), path: `/${field}` },
  ])
}

/** A text, or a count since 1970 whose unit its size tells. */
function takeTime(draft: Draft, value: unknown): boolean {
  if (draft.fields['timestamp'] !== undefined) return false
  const text = timestampText(value)
  if (typeof text !== 'string') return false
  draft.fields['timestamp'] = text
  if (text !== value) draft.coerced.push('/timestamp')
  return true
}

/** pino and bunyan write levels as 10 to 60. */
const NUMERIC_LEVELS: ReadonlyMap<unknown, string> = new Map([
  [10, 'trace'],
  [20, 'debug'],
  [30, 'info'],
  [40, 'warn'],
  [50, 'error'],
  [60, 'fatal'],
])

function takeLevel(draft: Draft, value: unknown): boolean {
  if (draft.fields['severity'] !== undefined) return false
  const severity = NUMERIC_LEVELS.get(value) ?? value
  if (typeof severity !== 'string') return false
  draft.fields['severity'] = severity
  if (severity !== value) draft.coerced.push('/severity')
  return true
}

const RESULTS: Readonly<Record<string, string>> = {
  success: 'success',
  failure: 'failure',
  denied: 'denied',
  blocked: 'denied',
}

/** Only words that say the same as one of our outcomes; `blocked` is kept in metadata as well. */
function takeResult(draft: Draft, value: unknown): boolean {
  if (draft.fields['outcome'] !== undefined || typeof value !== 'string' || !Object.hasOwn(RESULTS, value))
    return false
  draft.fields['outcome'] = RESULTS[value]
  return RESULTS[value] === value
}

function takeError(draft: Draft, value: unknown): boolean {
  if (draft.fields['errors'] !== undefined) return false
  if (typeof value === 'string') draft.fields['errors'] = value === '' ? [] : [{ message: value }]
  else if (isObject(value)) draft.fields['errors'] = [value]
  else return false
  return true
}

function takeTarget(draft: Draft, value: unknown): boolean {
  if (draft.fields['targets'] !== undefined || !isObject(value)) return false
  draft.fields['targets'] = [value]
  return true
}

/** service-boilerplate: `entity_id` names the target and `resource` says what it is; the latter stays in metadata too. */
function takeEntity(draft: Draft, value: unknown, sent: JsonObject): boolean {
  if (
    draft.fields['targets'] !== undefined ||
    (typeof value !== 'string' && typeof value !== 'number') ||
    value === ''
  )
    return false
  const type = typeof sent['resource'] === 'string' && sent['resource'] !== '' ? sent['resource'] : 'entity'
  draft.fields['targets'] = [{ type, id: value }]
  return true
}

/**
 * service-boilerplate: event_type auth_attempt, resource authentication, action login. The action becomes
 * `authentication.login`, or the event type where there is no action; the parts stay in metadata.
 */
function takeEventType(draft: Draft, value: unknown, sent: JsonObject): boolean {
  if (typeof value !== 'string' || value === '') return false
  const { action, resource } = sent
  if (action === undefined || action === null || action === '') {
    draft.fields['action'] = value
    return true
  }
  if (typeof action === 'string' && WORD.test(action) && typeof resource === 'string' && WORD.test(resource))
    draft.fields['action'] = `${resource}.${action}`
  return false
}

const WORD = /^[A-Za-z0-9_-]{1,64}$/

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0
}

function isListOfObjects(value: unknown): boolean {
  return Array.isArray(value) && value.every(isObject)
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
