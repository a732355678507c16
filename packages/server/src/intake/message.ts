/**
 * What travels through a broker, in both directions: four bytes that name the format, the length of a JSON head, the head, and
 * the columns of the records. Other messages are records in JSON that others produced.
 */
import type { AppendReceipts, CommitReceipts, PackedRecords } from '../ledger/commit-batch.ts'
import type { ErrorCode } from '../trailproof-error.ts'

/** `TPI` and the version of the format. */
const MAGIC = Buffer.from('TPI1')
const HEAD_START = MAGIC.length + 4

/** Whom to answer, and what about. */
export interface ReplyTo {
  readonly address: string
  readonly request: number
}

export interface RecordsMessage {
  readonly ledger: string
  readonly records: PackedRecords
  /** Undefined: nobody waits. */
  readonly replyTo: ReplyTo | undefined
}

export type Reply =
  | { readonly kind: 'receipts'; readonly request: number; readonly receipts: CommitReceipts }
  | {
      readonly kind: 'refused'
      readonly request: number
      readonly code: ErrorCode
      readonly message: string
      readonly retryable: boolean
    }

export function isOurMessage(bytes: Uint8Array): boolean {
  return bytes.length >= HEAD_START && MAGIC.equals(bytes.subarray(0, MAGIC.length))
}

export function encodeRecords({ ledger, records, replyTo }: RecordsMessage): Buffer {
  const { count, ids, digests, lengths, bytes } = records
  return encode({ ledger, count, replyTo }, [ids, digests, bytesOf(lengths), bytes])
}

/** Throws an Error that says what is wrong with a message that is damaged. */
export function decodeRecords(message: Uint8Array): RecordsMessage {
  const { head, columns } = decode(message)
  const { ledger, count, replyTo } = head as { ledger?: unknown; count?: unknown; replyTo?: unknown }
  if (typeof ledger !== 'string' || !isCount(count)) throw new Error('its head names no ledger or no count')
  const ids = columns.take(16 * count)
  const digests = columns.take(16 * count)
  const lengths = new Uint32Array(copyOf(columns.take(8 * count)))
  const bytes = columns.take(lengths.reduce((sum, length) => sum + length, 0))
  columns.end()
  return { ledger, records: { count, ids, digests, lengths, bytes }, replyTo: readReplyTo(replyTo) }
}

/** The part of a commit that answers one request. */
export function encodeReceipts(request: number, { receipts, offset, count }: AppendReceipts): Buffer {
  const { ledger, checkpoint, size, statuses, indexes, recordedAt, leafHashes } = receipts
  const end = offset + count
  return encode({ kind: 'receipts', request, ledger, checkpoint, size, count }, [
    statuses.subarray(offset, end),
    bytesOf(indexes.subarray(offset, end)),
    bytesOf(recordedAt.subarray(offset, end)),
    leafHashes.subarray(32 * offset, 32 * end),
  ])
}

export function encodeRefusal(
  request: number,
  refusal: Omit<Extract<Reply, { kind: 'refused' }>, 'kind' | 'request'>,
): Buffer {
  return encode({ kind: 'refused', request, ...refusal }, [])
}

/** Throws an Error that says what is wrong with it. */
export function decodeReply(message: Uint8Array): Reply {
  const { head, columns } = decode(message)
  const reply = head as unknown as Reply & CommitReceipts & { readonly count: number }
  if (reply.kind === 'refused') return reply
  const { kind, request, ledger, checkpoint, size, count } = reply
  if (kind !== 'receipts' || !isCount(count)) throw new Error('its head is of no known kind')
  const receipts: CommitReceipts = {
    ledger,
    checkpoint,
    size,
    statuses: columns.take(count),
    indexes: new Float64Array(copyOf(columns.take(8 * count))),
    recordedAt: new Float64Array(copyOf(columns.take(8 * count))),
    leafHashes: columns.take(32 * count),
  }
  columns.end()
  return { kind, request, receipts }
}

function encode(head: object, columns: readonly Uint8Array[]): Buffer {
  const text = Buffer.from(JSON.stringify(head))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return Buffer.concat([MAGIC, length, text, ...columns])
}

/** The columns of a message, taken one after the other. */
interface Columns {
  take(length: number): Uint8Array
  /** Throws when there is more. */
  end(): void
}

function decode(message: Uint8Array): { head: Readonly<Record<string, unknown>>; columns: Columns } {
  if (!isOurMessage(message)) throw new Error('it does not begin with TPI1')
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  let at = HEAD_START
  const columns: Columns = {
    take(length) {
      if (at + length > bytes.length)
        throw new Error(`it ends after ${bytes.length} bytes, within a part that needs ${at + length}`)
      return bytes.subarray(at, (at += length))
    },
    end() {
      if (at !== bytes.length) throw new Error(`${bytes.length - at} bytes follow its end`)
    },
  }
  const head: unknown = JSON.parse(Buffer.from(columns.take(bytes.readUInt32BE(MAGIC.length))).toString())
  if (typeof head !== 'object' || head === null) throw new Error('its head is no object')
  return { head: head as Readonly<Record<string, unknown>>, columns }
}

function readReplyTo(value: unknown): ReplyTo | undefined {
  if (value === undefined) return undefined
  const { address, request } = value as Partial<ReplyTo>
  if (typeof address !== 'string' || typeof request !== 'number') throw new Error('its replyTo is unreadable')
  return { address, request }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** Numbers need their place in memory aligned; what came over the wire is not. Little-endian, as every machine we run on. */
function copyOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer
}
