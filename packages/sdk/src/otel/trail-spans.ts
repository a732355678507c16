/** A trail as spans of OpenTelemetry: itself, its steps and its calls, as OTLP's JSON says them. */
import { hash } from 'node:crypto'

/** One span of an ExportTraceServiceRequest (OTLP 1.x, JSON: ids in hex, 64-bit numbers as text). */
export interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly OtlpAttribute[]
  readonly status: { readonly code: number; readonly message?: string }
}

export interface OtlpAttribute {
  readonly key: string
  readonly value:
    | { readonly stringValue: string }
    | { readonly intValue: string }
    | { readonly doubleValue: number }
    | { readonly boolValue: boolean }
}

type Members = Readonly<Record<string, unknown>>

const KIND = { internal: 1, server: 2, client: 3, producer: 4 } as const
const STATUS = { unset: 0, error: 2 } as const
const HEX_32 = /^[0-9a-f]{32}$/

/** The body of a POST to an OTLP receiver's `/v1/traces`; records that are no trails are passed over. */
export function otlpTraces(records: readonly Members[]): object {
  const byService = Map.groupBy(
    records.filter(({ kind }) => kind === 'trail'),
    ({ service, environment, service_version }) => JSON.stringify([service, environment, service_version]),
  )
  return {
    resourceSpans: [...byService.values()].map((trails) => ({
      resource: { attributes: resourceOf(trails[0]!) },
      scopeSpans: [{ scope: { name: '@trailproof/sdk' }, spans: trails.flatMap(trailSpans) }],
    })),
  }
}

/** The trail's own span, then one for each step and each call, in their order. `record`: a trail as sent. */
export function trailSpans(record: Members): OtlpSpan[] {
  const startMs = Date.parse(String(record['timestamp']))
  const traceId = String(record['trace_id'])
  const own = String(record['span_id'])
  const trace = HEX_32.test(traceId) ? traceId : hash('sha256', traceId).slice(0, 32)
  const stepSpan = (id: unknown): string => derivedId(own, `step ${String(id)}`)
  const spanOf = (
    item: Members,
    spanId: string,
    parentSpanId: string,
    kind: number,
    attributes: Members,
  ): OtlpSpan => ({
    traceId: trace,
    spanId,
    parentSpanId,
    name: String(item['name']),
    kind,
    ...timesOf(startMs + numberOf(item['offset_ms']), item['latency_ms']),
    attributes: attributesOf(attributes),
    status: statusOf(item['error']),
  })
  const steps = listOf(record['internal_steps']).map((step) =>
    spanOf(
      step,
      stepSpan(step['id']),
      step['parent_id'] === undefined ? own : stepSpan(step['parent_id']),
      KIND.internal,
      { 'trailproof.request': step['request'], 'trailproof.response': step['response'] },
    ),
  )
  const calls = listOf(record['integrations']).map((call, i) =>
    spanOf(
      call,
      derivedId(own, `integration ${i}`),
      call['step_id'] === undefined ? own : stepSpan(call['step_id']),
      call['type'] === 'kafka' ? KIND.producer : KIND.client,
      {
        'trailproof.integration.type': call['type'],
        'trailproof.request': call['request'],
        'trailproof.response': call['response'],
      },
    ),
  )
  return [rootOf(record, trace, own, startMs), ...steps, ...calls]
}

function rootOf(record: Members, traceId: string, spanId: string, startMs: number): OtlpSpan {
  const request = (record['request'] ?? {}) as Members
  const response = (record['response'] ?? {}) as Members
  const parent = record['parent_span_id']
  return {
    traceId,
    spanId,
    ...(typeof parent === 'string' && { parentSpanId: parent }),
    name: textOf(record['action'] ?? request['method'] ?? 'trail'),
    kind: KIND.server,
    ...timesOf(startMs, record['latency_ms']),
    attributes: attributesOf({
      'http.request.method': request['method'],
      'http.route': request['route'],
      'http.response.status_code': response['status'],
      'url.path': request['path'],
      'trailproof.record.id': record['id'],
      'trailproof.outcome': record['outcome'],
      'trailproof.request_id': record['request_id'],
    }),
    status: record['outcome'] === 'failure' ? { code: STATUS.error } : { code: STATUS.unset },
  }
}

function resourceOf(record: Members): readonly OtlpAttribute[] {
  return attributesOf({
    'service.name': record['service'],
    'service.version': record['service_version'],
    'deployment.environment.name': record['environment'],
    'host.name': record['host'],
  })
}

/** What is undefined is left out; objects go as their JSON. */
function attributesOf(members: Members): readonly OtlpAttribute[] {
  return Object.entries(members)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key, value]) => ({ key, value: valueOf(value) }))
}

function valueOf(value: unknown): OtlpAttribute['value'] {
  if (Number.isSafeInteger(value)) return { intValue: String(value) }
  if (typeof value === 'number') return { doubleValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  return { stringValue: textOf(value) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function timesOf(
  startMs: number,
  latencyMs: unknown,
): { startTimeUnixNano: string; endTimeUnixNano: string } {
  return { startTimeUnixNano: nanos(startMs), endTimeUnixNano: nanos(startMs + numberOf(latencyMs)) }
}

function statusOf(error: unknown): OtlpSpan['status'] {
  if (error === undefined || error === null) return { code: STATUS.unset }
  return { code: STATUS.error, message: textOf((error as Members)['message'] ?? 'error') }
}

function nanos(ms: number): string {
  return (BigInt(Math.floor(ms)) * 1_000_000n + BigInt(Math.round((ms % 1) * 1e6))).toString()
}

/** The same for the same trail, so that a trail exported twice is the same spans. */
function derivedId(spanId: string, part: string): string {
  return hash('sha256', `${spanId} ${part}`).slice(0, 16)
}

function listOf(value: unknown): readonly Members[] {
  return Array.isArray(value) ? (value as Members[]) : []
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}
