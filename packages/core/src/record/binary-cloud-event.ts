/** CloudEvents 1.0 in the binary mode of its HTTP binding: attributes in headers, data in the body. */

import { encodeBase64 } from '../encoding/base64.ts'
import { decodeUtf8 } from '../encoding/utf8.ts'
import { cloudEventToRecord } from './cloud-event.ts'
import type { Item } from './item.ts'
import { isLonger, READ_LIMITS, type ReadLimits } from './limits.ts'
import { parseBody } from './parse-body.ts'
import type { Problem } from './problem.ts'

/**
 * A CloudEvent in HTTP's binary mode: attributes in `ce-` headers (names in lower case), data in the body.
 * `headers` holds one text per name. Never throws.
 */
export function parseBinaryCloudEvent(
  headers: Readonly<Record<string, string | undefined>>,
  body: Uint8Array,
  limits: Partial<ReadLimits> = {},
): Item {
  const event: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(headers))
    if (name.startsWith('ce-') && value !== undefined) event[name.slice(3)] = percentDecoded(value)
  const contentType = headers['content-type']
  if (contentType !== undefined) event['datacontenttype'] = contentType

  const { recordBytesMax } = { ...READ_LIMITS, ...limits }
  const source = JSON.stringify(event)
  const refused = (problem: Omit<Problem, 'record'>): Item => ({
    kind: 'problem',
    problems: [{ record: 0, ...problem }],
    source,
  })
  if (Object.hasOwn(event, '__proto__'))
    return refused({ field: '', code: 'forbidden_key', message: 'the attribute __proto__ is not allowed' })
  if (body.length > recordBytesMax) {
    const message = `the data is longer than ${recordBytesMax} bytes`
    return refused({ field: '/data', code: 'too_large', message, limit: recordBytesMax })
  }
  const data = readData(contentType ?? 'application/json', body, limits)
  if (data.kind === 'problem') return refused(data.problem)
  if (data.name !== undefined) event[data.name] = data.value
  const whole = JSON.stringify(event)
  if (isLonger(whole, recordBytesMax * 2)) {
    const message = `the event is longer than ${recordBytesMax} bytes`
    return refused({ field: '', code: 'too_large', message, limit: recordBytesMax })
  }
  return cloudEventToRecord({ kind: 'record', value: event, coerced: data.coerced, source: whole }, 0)
}

type Data =
  | { kind: 'data'; name: 'data' | 'data_base64' | undefined; value?: unknown; coerced: string[] }
  | { kind: 'problem'; problem: Omit<Problem, 'record'> }

function readData(contentType: string, body: Uint8Array, limits: Partial<ReadLimits>): Data {
  if (body.length === 0) return { kind: 'data', name: undefined, coerced: [] }
  const text = decodeUtf8(body)
  if (text === undefined) return { kind: 'data', name: 'data_base64', value: encodeBase64(body), coerced: [] }
  if (!isJson(contentType)) return { kind: 'data', name: 'data', value: text, coerced: [] }
  // Read inside an object, so that data may be any JSON value and pointers begin with /data.
  const parsed = parseBody(wrapped(body), 'json', limits)
  if (parsed.kind === 'refused') {
    const message = `the data is not JSON: ${parsed.problem.message}`
    return { kind: 'problem', problem: { field: '/data', code: parsed.problem.code, message } }
  }
  const [item] = parsed.items
  if (parsed.items.length !== 1 || item === undefined || isMoreThanData(item))
    return {
      kind: 'problem',
      problem: { field: '/data', code: 'json', message: 'the data is not one JSON value' },
    }
  if (item.kind === 'problem') {
    const [{ field, code, message }] = item.problems as readonly [Problem]
    return { kind: 'problem', problem: { field, code, message } }
  }
  return { kind: 'data', name: 'data', value: item.value['data'], coerced: [...item.coerced] }
}

function wrapped(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 9)
  bytes.set([0x7b, 0x22, 0x64, 0x61, 0x74, 0x61, 0x22, 0x3a]) // {"data":
  bytes.set(body, 8)
  bytes[body.length + 8] = 0x7d
  return bytes
}

function isJson(contentType: string): boolean {
  const type = contentType.split(';', 1)[0]!.trim().toLowerCase()
  return type === 'application/json' || type === 'text/json' || type.endsWith('+json')
}

/** CloudEvents HTTP binding section 3.1.3.2; a broken escape stays as it is. */
function percentDecoded(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    return value // URIError: not an escape after all
  }
}

/** Whether the body closed our object and went on, or added members to it. */
function isMoreThanData(item: Item): boolean {
  return item.kind === 'record' && Object.keys(item.value).length !== 1
}
