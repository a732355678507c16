/**
 * Says what a record means: brings what was sent under the names of schema `trailproof/v1`, keeps what the
 * schema does not know, and checks it. What depends on the server (id, received_at, defaults, redaction, cuts)
 * comes later, in prepare-record.ts.
 */

import { aliasFor } from './alias.ts'
import { actorType, targetTypes } from './core-copies.ts'
import { type CoreGroup, SCHEMA_NAME } from './core-group.ts'
import { Draft, SENT_FIELDS } from './draft.ts'
import type { JsonObject } from './item.ts'
import type { PersonalGroup } from './personal-group.ts'
import { describe, type Problem } from './problem.ts'
import { repaired } from './repair.ts'
import { schemaProblems } from './schema-problems.ts'
import {
  type MappedCore,
  type MappedRecord,
  mappedCoreValidator,
  personalValidator,
} from './stored-record.ts'
import { timestampProblem, timestampText } from './timestamp.ts'
import { trailAction } from './trail-action.ts'

export interface MapOptions {
  /** Position of the record in its body, for problems. Default 0. */
  readonly position?: number
  /** What the reader coerced (`Item.coerced`). Default none. */
  readonly coerced?: readonly string[]
  /** Whether the server itself makes this record, which alone may use reserved actions. Default false. */
  readonly internal?: boolean
}

export type Mapped =
  | {
      readonly kind: 'record'
      readonly record: MappedRecord
      /** The id as sent; undefined when there was none. */
      readonly sentId: string | undefined
    }
  | { readonly kind: 'problem'; readonly problems: readonly Problem[] }

/** Never throws for a JSON value. */
export function mapRecord(value: JsonObject, options: MapOptions = {}): Mapped {
  const position = options.position ?? 0
  const draft = new Draft()
  const problem = (field: string, code: Problem['code'], message: string): Mapped => ({
    kind: 'problem',
    problems: [{ record: position, field, code, message }],
  })

  let unknown: string[] | undefined
  for (const name of Object.keys(value)) {
    const sent = value[name]
    if (!SENT_FIELDS.has(name)) (unknown ??= []).push(name)
    else if (sent !== null) draft.fields[name] = sent
  }
  const { fields } = draft
  if (fields['metadata'] !== undefined && !isObject(fields['metadata'])) {
    fields['metadata'] = undefined
    draft.keep('metadata', value['metadata'])
  }
  if (unknown !== undefined)
    for (const name of unknown) {
      if (name === '__proto__')
        return problem('/__proto__', 'forbidden_key', 'the key __proto__ is not allowed')
      takeUnknown(draft, name, value)
    }

  const { schema } = fields
  if (schema !== undefined && schema !== SCHEMA_NAME) {
    if (typeof schema === 'string' && schema.startsWith('trailproof/'))
      return problem('/schema', 'value', `this server understands ${SCHEMA_NAME}, not ${describe(schema)}`)
    draft.keep('schema', schema)
  }
  const sentId = typeof fields['id'] === 'number' ? String(fields['id']) : (fields['id'] ?? '')
  if (typeof sentId !== 'string') return problem('/id', 'type', `an id is a text; found ${describe(sentId)}`)
  if (sentId.length > 512)
    return problem('/id', 'too_large', `an id has at most 512 characters; found ${sentId.length}`)
  const { timestamp } = fields
  fields['timestamp'] = timestampText(timestamp)
  if (fields['timestamp'] !== timestamp) draft.coerced.push('/timestamp')

  let record = build(draft, options.coerced ?? NONE)
  if (!mappedCoreValidator().Check(record.core) || !personalValidator().Check(record.personal)) {
    record = repaired(record)
    const problems = schemaProblems(record, position)
    if (problems.length > 0) return { kind: 'problem', problems }
  }
  const found = meaningProblem(record.core, options.internal ?? false)
  if (found !== undefined) return { kind: 'problem', problems: [{ record: position, ...found }] }
  return { kind: 'record', record, sentId: sentId === '' ? undefined : sentId }
}

function takeUnknown(draft: Draft, name: string, sent: JsonObject): void {
  const value = sent[name]
  if (value !== null) {
    const alias = aliasFor(name)
    if (alias?.take(draft, value, sent)) {
      draft.noteMove(name, alias.path)
      return
    }
  }
  draft.keep(name, value)
}

/** Members are written in the order of their canonical bytes, so that encoding need not sort them. */
function build(draft: Draft, coercedByReader: readonly string[]): MappedRecord {
  const { fields } = draft
  const kind = kindOf(fields)
  const isTrail = kind === 'trail'
  const request = fields['request'] ?? (isTrail ? {} : undefined)
  const { actor, targets, stream } = fields
  const { position, chain, rest } = splitStream(stream)
  if (rest !== undefined) draft.keep('stream', rest)
  const metadata = draft.metadata() ?? (isTrail ? {} : undefined)
  const coerced = draft.allCoerced(coercedByReader)

  // The values are checked against the schema right after; until then their types are claims.
  const core = {
    action:
      (fields['action'] === '' ? undefined : fields['action']) ??
      (isTrail && isObject(request) ? trailAction(request) : undefined),
    actor_type: actorType(actor),
    causation_id: fields['causation_id'],
    environment: fields['environment'],
    host: fields['host'],
    kind,
    latency_ms: fields['latency_ms'] ?? (isTrail ? null : undefined),
    outcome: fields['outcome'] ?? (kind === 'log' ? undefined : outcomeOf(fields['response'])),
    parent_span_id: fields['parent_span_id'],
    request_id: fields['request_id'] ?? (isTrail ? '' : undefined),
    schema: SCHEMA_NAME,
    service: fields['service'] === '' ? undefined : fields['service'],
    service_version: fields['service_version'],
    severity: severityOf(fields['severity']),
    span_id: fields['span_id'],
    stream: position,
    target_types: targetTypes(targets),
    timestamp: fields['timestamp'] === '' ? undefined : fields['timestamp'],
    trace_id: fields['trace_id'] ?? (isTrail ? '' : undefined),
  } as unknown as MappedCore
  const personal = {
    actor,
    changes: fields['changes'],
    coerced: coerced.length > 0 ? coerced : undefined,
    errors: fields['errors'] ?? (isTrail ? [] : undefined),
    integrations: fields['integrations'] ?? (isTrail ? [] : undefined),
    internal_steps: fields['internal_steps'] ?? (isTrail ? [] : undefined),
    labels: fields['labels'],
    message: fields['message'],
    metadata,
    reason: fields['reason'],
    redacted: fields['redacted'],
    request,
    response: fields['response'] ?? (isTrail ? {} : undefined),
    session_id: fields['session_id'],
    source: fields['source'],
    source_id: undefined,
    stream_chain: chain,
    targets,
    truncated: fields['truncated'],
  } as unknown as PersonalGroup
  return { core, personal }
}

const NONE: readonly string[] = []

function kindOf(fields: Draft['fields']): unknown {
  if (fields['kind'] !== undefined) return fields['kind']
  const { request, response, internal_steps, action, message } = fields
  if (request !== undefined || response !== undefined || internal_steps !== undefined) return 'trail'
  // With or without a severity: a record that says a sentence but names no action is a log line.
  return action === undefined && message !== undefined ? 'log' : 'event'
}

function outcomeOf(response: unknown): CoreGroup['outcome'] {
  const status = isObject(response) ? (response['status'] ?? response['status_code']) : undefined
  if (typeof status !== 'number' || status < 100 || status > 599) return 'unknown'
  if (status < 400) return 'success'
  return status === 401 || status === 403 ? 'denied' : 'failure'
}

/** Spellings of one level become one word, so that they can be searched together; other words stay. */
const SEVERITIES: ReadonlyMap<string, string> = new Map([
  ...['trace', 'debug', 'info', 'notice', 'warn', 'error', 'fatal'].map((word): [string, string] => [
    word,
    word,
  ]),
  ['warning', 'warn'],
  ['err', 'error'],
  ['information', 'info'],
])

function severityOf(severity: unknown): unknown {
  if (typeof severity !== 'string') return severity
  return (
    SEVERITIES.get(severity) ??
    (severity.length < 16 ? SEVERITIES.get(severity.toLowerCase()) : undefined) ??
    severity
  )
}

interface SplitStream {
  readonly position: unknown
  readonly chain: JsonObject | undefined
  /** Members of stream that the schema does not know. */
  readonly rest: JsonObject | undefined
}

/** The stream's position stays for ever; the producer's hashes cover personal data and go with it. */
function splitStream(stream: unknown): SplitStream {
  if (!isObject(stream)) return { position: stream, chain: undefined, rest: undefined }
  const { id, seq, prev_hash, hash, ...rest } = stream
  const chain =
    prev_hash == null && hash == null
      ? undefined
      : { ...(hash != null && { hash }), ...(prev_hash != null && { prev_hash }) }
  // gotrails sends hashes without a stream
  const position = id == null && seq == null ? undefined : { id, seq }
  return { position, chain, rest: Object.keys(rest).length > 0 ? rest : undefined }
}

/** What the schema cannot say. */
function meaningProblem(core: MappedCore, internal: boolean): Omit<Problem, 'record'> | undefined {
  const { action, timestamp, kind } = core
  if (action === undefined || action === '') {
    if (kind === 'event')
      return {
        field: '/action',
        code: 'required',
        message: 'an event names its action, such as "payment.created"',
      }
  } else if (!internal && isReserved(action))
    return {
      field: '/action',
      code: 'reserved',
      message: `the action ${describe(action)} is the server's own`,
    }
  const wrong = timestamp === undefined ? undefined : timestampProblem(timestamp)
  if (wrong !== undefined)
    return { field: '/timestamp', code: 'value', message: `the timestamp ${describe(timestamp)} ${wrong}` }
  return undefined
}

/** Whether only the server may record this action. */
export function isReserved(action: string): boolean {
  return action.startsWith('trailproof.') || action === 'stream.gap' || action === 'stream.gap_filled'
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
