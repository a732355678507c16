/**
 * CloudEvents 1.0 as records (spec/record.md, "CloudEvents"). The event's own attributes become the fields
 * they mean; all others, extensions included, are kept under `metadata.cloudevent`.
 */

import type { Item, JsonObject } from './item.ts'
import { describe, type Problem } from './problem.ts'

/** The same item with its value turned from a CloudEvent into a record. */
export function cloudEventToRecord(item: Item, position: number): Item {
  if (item.kind === 'problem') return item
  const problems: Problem[] = []
  const text = (name: string): string => {
    const value = item.value[name]
    if (typeof value === 'string' && value !== '') return value
    const code = value === undefined ? 'required' : 'type'
    const message = `a CloudEvent's ${name} is a text that is not empty; found ${describe(value)}`
    problems.push({ record: position, field: `/${name}`, code, message })
    return ''
  }
  const version = text('specversion')
  if (version !== '' && version !== '1.0') {
    const message = `CloudEvents 1.0 is understood, not ${describe(version)}`
    problems.push({ record: position, field: '/specversion', code: 'value', message })
  }
  const foreign = { protocol: 'cloudevents', source: text('source'), id: text('id') }
  text('type')
  if (problems.length > 0) return { kind: 'problem', problems, source: item.source }
  const { value, movedData } = recordOf(item.value)
  const coerced = item.coerced.map((path) => movedPath(path, movedData))
  return { kind: 'record', value, coerced, source: item.source, foreign }
}

/** Attributes that become a field of the record; what is missing here goes to `metadata.cloudevent`. */
const MAPPED: ReadonlySet<string> = new Set([
  'id',
  'type',
  'source',
  'subject',
  'time',
  'traceparent',
  'data',
  'data_base64',
])

/** Where `data` went: it is the record itself, or a member of metadata. */
type MovedData = 'record' | 'metadata'

function recordOf(event: JsonObject): { value: JsonObject; movedData: MovedData } {
  const attributes: Record<string, unknown> = {}
  for (const name of Object.keys(event)) if (!MAPPED.has(name)) attributes[name] = event[name]
  const mapped: Record<string, unknown> = { action: event['type'], service: event['source'] }
  if (event['time'] !== undefined && event['time'] !== null) mapped['timestamp'] = event['time']
  if (event['subject'] !== undefined && event['subject'] !== null)
    mapped['targets'] = [{ type: 'subject', id: event['subject'] }]
  const trace = TRACEPARENT.exec(String(event['traceparent']))
  if (trace) {
    mapped['trace_id'] = trace[1]
    mapped['span_id'] = trace[2]
  } else if (event['traceparent'] !== undefined) attributes['traceparent'] = event['traceparent']

  const { data } = event
  if (isObject(data) && data['schema'] === 'trailproof/v1') {
    // A record in an envelope: the record says what happened, the envelope fills in what it does not say.
    const metadata = isObject(data['metadata']) ? data['metadata'] : undefined
    if (data['metadata'] === undefined || metadata !== undefined)
      return {
        value: { ...mapped, ...data, metadata: { ...metadata, cloudevent: attributes } },
        movedData: 'record',
      }
  }
  const metadata: Record<string, unknown> = { cloudevent: attributes }
  if (data !== undefined) metadata['data'] = data
  if (event['data_base64'] !== undefined) metadata['data_base64'] = event['data_base64']
  return { value: { ...mapped, metadata }, movedData: 'metadata' }
}

function movedPath(path: string, movedData: MovedData): string {
  if (path === '/data' || path.startsWith('/data/'))
    return movedData === 'record' ? path.slice(5) : `/metadata${path}`
  return MAPPED.has(path.slice(1)) ? path : `/metadata/cloudevent${path}`
}

/** W3C Trace Context: version, trace id, parent id, flags. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
