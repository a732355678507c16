/** A record as an OCSF event: API Activity, or Authentication for what begins or ends a session. */
import type { RecordView } from '@trailproof/core'
import { type Seen, seenRecord } from '../access/seen-record.ts'
import type { ReadEntry } from '../ledger/read-entry.ts'

const OCSF_VERSION = '1.9.0'

type Fields = Readonly<Record<string, unknown>>

interface EventClass {
  readonly category_uid: number
  readonly class_uid: number
  readonly activity_id: number
}

/** One JSON object a line. */
export function ocsfLine(ledger: string, entry: ReadEntry, seen: Seen): string {
  return `${JSON.stringify(ocsfEvent(seenRecord(ledger, entry, seen)))}\n`
}

/** Members without a value are left out. What OCSF has no place for is in `unmapped`, under our names. */
export function ocsfEvent(record: RecordView): Fields {
  const { action, severity = '', message, latency_ms: duration } = record
  const kind = classOf(record)
  return pruned({
    ...kind,
    category_name: kind.category_uid === IDENTITY ? 'Identity & Access Management' : 'Application Activity',
    class_name: kind.class_uid === AUTHENTICATION ? 'Authentication' : 'API Activity',
    activity_name: action,
    type_uid: kind.class_uid * 100 + kind.activity_id,
    time: msOf(record.timestamp),
    severity_id: SEVERITY_IDS[severity] ?? (severity === '' ? 1 : 99),
    severity: severity || undefined,
    ...statusOf(record),
    message,
    duration: duration ?? undefined,
    metadata: metadataOf(record),
    actor: actorOf(record),
    ...(kind.class_uid === AUTHENTICATION ? sessionOf(record) : callOf(record)),
    src_endpoint: { ip: record.source?.ip, intermediate_ips: record.source?.forwarded },
    ...httpOf(record),
    trace: { uid: record.trace_id || undefined, span: { uid: record.span_id } },
    device: { hostname: record.host },
    unmapped: {
      ...unmappedOf(record),
      targets: kind.class_uid === AUTHENTICATION ? record.targets : undefined,
    },
  })
}

/** What the class Authentication alone has. */
function sessionOf(record: RecordView): Fields {
  return { user: userOf(record), is_mfa: record.actor?.auth?.mfa, service: { name: record.service } }
}

/** What the class API Activity alone has. */
function callOf({ action, request_id: uid, service: name, targets, response }: RecordView): Fields {
  const { status, status_code } = (response ?? {}) as Fields
  return {
    api: { operation: action, request: { uid }, service: { name } },
    resources: targets?.map(({ type, id, name: title, parent }) =>
      pruned({ type, uid: id, name: title, data: { parent } }),
    ),
    http_response: { code: status ?? status_code },
  }
}

const APPLICATION = 6
const API_ACTIVITY = 6003
const IDENTITY = 3
const AUTHENTICATION = 3002

/** Verbs as actions end, `noun.verb`; a trail's action begins with its HTTP method. */
const SESSION_ACTIVITIES: readonly (readonly [RegExp, number])[] = [
  [/(?:^|[._-])(?:login|logged_?in|log_?on|sign_?in|signed_?in|authenticated?)$/i, 1],
  [/(?:^|[._-])(?:logout|logged_?out|log_?off|sign_?out|signed_?out)$/i, 2],
]
const API_ACTIVITIES: readonly (readonly [RegExp, number])[] = [
  [/^(?:POST )|(?:^|[._-])(?:creat|add|insert|register|plac|issu|record)\w*$/i, 1],
  [/^(?:GET|HEAD) |(?:^|[._-])(?:read|view|get|list|search|download|export|fetch)\w*$/i, 2],
  [/^(?:PUT|PATCH) |(?:^|[._-])(?:updat|chang|edit|modif|set|renam|mov|enabl|disabl|assign)\w*$/i, 3],
  [/^DELETE |(?:^|[._-])(?:delet|remov|destroy|eras|revok|cancel)\w*$/i, 4],
]
const OTHER = 99

function classOf({ action = '' }: RecordView): EventClass {
  const session = SESSION_ACTIVITIES.find(([pattern]) => pattern.test(action))
  if (session) return { category_uid: IDENTITY, class_uid: AUTHENTICATION, activity_id: session[1] }
  const activity_id = API_ACTIVITIES.find(([pattern]) => pattern.test(action))?.[1] ?? OTHER
  return { category_uid: APPLICATION, class_uid: API_ACTIVITY, activity_id }
}

const SEVERITY_IDS: Readonly<Record<string, number>> = {
  trace: 1,
  debug: 1,
  info: 1,
  notice: 2,
  warn: 3,
  error: 4,
  fatal: 6,
}

function statusOf({ outcome, reason, errors }: RecordView): Fields {
  const [first] = (errors ?? []) as readonly Fields[]
  const code = { status_code: first?.['code'], status_detail: reason }
  switch (outcome) {
    case 'success':
      return { status_id: 1, status: 'Success', ...code }
    case 'failure':
      return { status_id: 2, status: 'Failure', ...code }
    case 'denied':
      return {
        status_id: 2,
        status: 'Failure',
        action_id: 2,
        action: 'Denied',
        ...code,
        status_detail: reason ?? 'denied',
      }
    default:
      return { status_id: 0, status: 'Unknown', ...code }
  }
}

function metadataOf(record: RecordView): Fields {
  const { labels } = record
  // Whose attributes this event has beside those of its class.
  const profiles = [
    ...(record.host === undefined ? [] : ['host']),
    ...(record.outcome === 'denied' ? ['security_control'] : []),
    ...(record.trace_id ? ['trace'] : []),
  ]
  return {
    version: OCSF_VERSION,
    profiles,
    uid: record.id,
    product: { name: record.service, version: record.service_version, vendor_name: 'Trailproof' },
    log_name: record.ledger,
    log_version: record.schema,
    logged_time: msOf(record.received_at),
    processed_time: msOf(record.recorded_at),
    sequence: record.stream?.seq,
    correlation_uid: record.trace_id || undefined,
    original_event_uid: record.causation_id,
    labels: labels && Object.entries(labels).map(([name, value]) => `${name}:${value}`),
  }
}

const USER_TYPES: Readonly<Record<string, number>> = { user: 1, admin: 2, system: 3, service: 4 }

function userOf({ actor, actor_type: type }: RecordView): Fields {
  return pruned({
    uid: actor?.id,
    name: actor?.name,
    email_addr: actor?.email,
    type,
    type_id: type === undefined ? 0 : (USER_TYPES[type] ?? OTHER),
    credential_uid: actor?.auth?.key_id,
    groups: actor?.roles?.map((name) => ({ name })),
  })
}

function actorOf(record: RecordView): Fields {
  const { actor, session_id: uid } = record
  const session = pruned({ uid, is_mfa: actor?.auth?.mfa })
  return { user: userOf(record), session }
}

function httpOf({ request, source, request_id: uid }: RecordView): Fields {
  const { method, url, path, route } = (request ?? {}) as Fields
  return {
    http_request: {
      http_method: method,
      url: { url_string: url, path: path ?? route },
      user_agent: source?.user_agent,
      uid: request === undefined ? undefined : uid,
    },
  }
}

/** Whatever else the record holds, and where it stands: index and id are what a proof is asked for with. */
function unmappedOf(record: RecordView): Fields {
  const { ledger, index, kind, environment, changes, metadata, internal_steps, integrations, errors } = record
  const { parent_span_id, stream, erased, actor } = record
  return {
    ledger,
    index,
    kind,
    environment,
    changes,
    metadata,
    internal_steps,
    integrations,
    errors,
    parent_span_id,
    stream,
    erased,
    on_behalf_of: actor?.on_behalf_of,
  }
}

function msOf(text: string | undefined): number | undefined {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? undefined : ms
}

/** Without members that are undefined, null, or objects and lists with nothing in them; `unmapped.index` 0 stays. */
function pruned(fields: Fields): Fields {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    const inner = isPlain(value) ? pruned(value) : value
    if (inner === undefined || inner === null) continue
    if (typeof inner === 'object' && Object.keys(inner).length === 0) continue
    kept[name] = inner
  }
  return kept
}

function isPlain(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
