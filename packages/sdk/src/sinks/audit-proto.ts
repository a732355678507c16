/**
 * The messages of `audit.v1.AuditService/LogEvents` (proto/audit/v1/audit.proto), written and read by hand: an application that
 * sends over gRPC then needs no generated code. A record means the same as over HTTP, so it keeps its digest and its one place
 * in the ledger. What the proto lets travel as JSON text does, because that is exact.
 */
import type { ReceiptAnswer } from './ingest-answer.ts'
import { ProtoMessage, ProtoWriter } from './proto-wire.ts'

export interface LogEventsAnswer {
  readonly checkpoint: string
  /** Under the names that receipts have over HTTP. */
  readonly receipts: readonly ReceiptAnswer[]
}

type Members = Readonly<Record<string, unknown>>
type Writer = ProtoWriter

/** Writes the value of one field of a record, which is neither null nor undefined. */
type Write = (writer: Writer, value: unknown) => void

const KINDS = ['', 'trail', 'event', 'log']
const OUTCOMES = ['', 'success', 'failure', 'denied', 'unknown']
const STATUSES = ['', 'recorded', 'duplicate', 'conflict', 'quarantined', 'refused']

/**
 * Field numbers of AuditEvent. Who did what to what goes as `more_json`, which knows all members; what is not valid in there the
 * server sees too, and keeps aside.
 */
const FIELDS: Readonly<Record<string, Write>> = {
  id: text(1),
  action: text(4),
  kind: oneOf(7, KINDS),
  outcome: oneOf(8, OUTCOMES),
  service: text(9),
  environment: text(10),
  service_version: text(11),
  host: text(12),
  trace_id: text(13),
  span_id: text(14),
  parent_span_id: text(15),
  request_id: text(16),
  session_id: text(17),
  causation_id: text(18),
  reason: text(19),
  severity: text(20),
  message: text(21),
  latency_ms: (writer, value) => {
    if (typeof value !== 'number') throw new TypeError('latency_ms is no number')
    writer.double(22, value)
  },
  actor: (writer, value) => {
    if (typeof value === 'string') writer.text(3, value)
    else writer.message(23, moreJson(value))
  },
  targets: each(24, moreJson),
  changes: each(25, changeOf),
  source: (writer, value) => writer.message(26, moreJson(value)),
  stream: (writer, value) => writer.message(28, streamOf(value)),
  labels: json(29),
  metadata: (writer, value) => writer.text(30, JSON.stringify(isObject(value) ? value : { metadata: value })), // as the server maps it
  request: json(31),
  response: json(32),
  internal_steps: json(33),
  integrations: json(34),
  errors: json(35),
  timestamp: text(36),
  redacted: each(37, textOf),
  truncated: each(38, truncatedOf),
}

/** The bytes of an AuditEvent. Throws a TypeError for a record that gRPC cannot say as it is. */
export function encodeEvent(line: string): Uint8Array {
  const record = JSON.parse(line) as Members
  const writer = new ProtoWriter()
  for (const [name, value] of Object.entries(record)) {
    if (value === null) continue // the same as absent (spec/record.md, "Mapping")
    const write = FIELDS[name]
    if (write !== undefined) write(writer, value)
    // The proto has no place for the name of the schema, which is the one that it says.
    else if (name !== 'schema' || value !== 'trailproof/v1') throw new TypeError(`no field for ${name}`)
  }
  return writer.written
}

/** A LogEventsRequest of events that were encoded before. */
export function encodeRequest(
  events: readonly Uint8Array[],
  { ledger, proofs }: { ledger: string | undefined; proofs: boolean },
): Uint8Array {
  const writer = new ProtoWriter()
  writer.text(1, ledger)
  for (const event of events) writer.bytes(2, event)
  if (proofs) writer.varint(5, 1)
  return writer.written
}

/** Reads a LogEventsResponse. Throws an Error for bytes that are none. */
export function decodeAnswer(bytes: Uint8Array): LogEventsAnswer {
  const answer = new ProtoMessage(bytes)
  const ledger = answer.text(1)
  const receipts = answer.all(3).map((receipt) => receiptOf(new ProtoMessage(receipt), ledger))
  return { checkpoint: answer.text(2), receipts }
}

export interface FailureDetails {
  /** Of google.rpc.ErrorInfo, such as BODY_TOO_LARGE. */
  readonly reason: string | undefined
  /** Of google.rpc.RetryInfo. */
  readonly retryAfterMs: number | undefined
}

/** Reads the google.rpc.Status in `grpc-status-details-bin`. Throws an Error for bytes that are none. */
export function decodeDetails(bytes: Uint8Array): FailureDetails {
  const details = new ProtoMessage(bytes).all(3).map((any) => new ProtoMessage(any))
  const valueOf = (type: string): ProtoMessage | undefined =>
    details.find((any) => any.text(1).endsWith(`/google.rpc.${type}`))?.message(2)
  const delay = valueOf('RetryInfo')?.message(1)
  return {
    reason: valueOf('ErrorInfo')?.text(1),
    retryAfterMs: delay && delay.varint(1) * 1_000 + delay.varint(2) / 1e6,
  }
}

function receiptOf(receipt: ProtoMessage, ledger: string): ReceiptAnswer {
  const status = STATUSES[receipt.varint(1)]
  if (status === 'quarantined' || status === 'refused') {
    const problems = receipt.all(10).map((bytes) => {
      const problem = new ProtoMessage(bytes)
      return { field: problem.text(1), code: problem.text(2), message: problem.text(3) }
    })
    return { ledger, status, ...(status === 'quarantined' && { quarantine_id: receipt.text(9) }), problems }
  }
  const leaf = receipt.bytes(7)
  return {
    id: receipt.text(2),
    ledger,
    index: receipt.varint(3),
    leaf_hash: base64(receipt.bytes(4)),
    recorded_at: timeOf(receipt.message(5)),
    status,
    ...(leaf !== undefined && { leaf: base64(leaf), proof: receipt.all(8).map(base64) }),
  }
}

/** google.protobuf.Timestamp with microseconds, as receipts have it over HTTP. */
function timeOf(timestamp: ProtoMessage): string {
  const seconds = new Date(timestamp.varint(1) * 1_000).toISOString().slice(0, 19)
  return `${seconds}.${String(Math.floor(timestamp.varint(2) / 1_000)).padStart(6, '0')}Z`
}

function base64(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('base64')
}

function text(field: number): Write {
  return (writer, value) => writer.text(field, textOf(value))
}

function oneOf(field: number, names: readonly string[]): Write {
  return (writer, value) => {
    const number = names.indexOf(textOf(value))
    if (number < 1) throw new TypeError(`${String(value)} is none of ${names.slice(1).join(', ')}`)
    writer.varint(field, number)
  }
}

function json(field: number): Write {
  return (writer, value) => writer.text(field, JSON.stringify(value))
}

/** An empty list cannot be told from none; the SDK writes none. */
function each(field: number, encode: (item: unknown) => string | Writer): Write {
  return (writer, value) => {
    for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
      const encoded = encode(item)
      if (typeof encoded === 'string') writer.text(field, encoded)
      else writer.message(field, encoded)
    }
  }
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError(`${JSON.stringify(value)} is no text`)
  return value
}

function numberOf(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0)
    throw new TypeError(`${JSON.stringify(value)} is no whole number`)
  return value as number
}

function membersOf(value: unknown): Members {
  if (!isObject(value)) throw new TypeError(`${JSON.stringify(value)} is no object`)
  return value
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Actor, Target and Source have the same field for all that has no other. */
function moreJson(value: unknown): Writer {
  const writer = new ProtoWriter()
  writer.text(15, JSON.stringify(value))
  return writer
}

/** The message has a path in any case: where the change has none, one in the JSON as well keeps it from being valid. */
function changeOf(value: unknown): Writer {
  if (!isObject(value) || typeof value['path'] !== 'string')
    return moreJson(isObject(value) ? { path: null, ...value } : value)
  const { path, ...rest } = value
  const writer = moreJson(rest)
  writer.text(1, path)
  return writer
}

function streamOf(value: unknown): Writer {
  const { id, seq, prev_hash, hash, ...rest } = membersOf(value)
  assertNone(rest)
  const writer = new ProtoWriter()
  if (id !== undefined) writer.text(1, textOf(id))
  if (seq !== undefined) writer.varint(2, numberOf(seq))
  if (prev_hash !== undefined) writer.text(3, textOf(prev_hash))
  if (hash !== undefined) writer.text(4, textOf(hash))
  return writer
}

function truncatedOf(value: unknown): Writer {
  const { path, size, sha256, ...rest } = membersOf(value)
  assertNone(rest)
  const writer = new ProtoWriter()
  writer.text(1, textOf(path))
  writer.varint(2, numberOf(size))
  writer.text(3, textOf(sha256))
  return writer
}

function assertNone(rest: Members): void {
  for (const name of Object.keys(rest)) throw new TypeError(`no field for ${name}`)
}
