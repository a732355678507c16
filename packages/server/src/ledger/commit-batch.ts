/** What travels between the main thread and the sequencer's: packed, so that buffers move without copies. */

/** Records of one ledger waiting for their place. */
export interface CommitBatch extends PackedRecords {
  readonly ledger: string
}

export const STATUS = { recorded: 0, duplicate: 1, conflict: 2 } as const
export type CommitStatus = keyof typeof STATUS
export const STATUS_NAMES: readonly CommitStatus[] = ['recorded', 'duplicate', 'conflict']

/** The answer to a `CommitBatch`: one place a record, and the checkpoint that covers them all. */
export interface CommitReceipts {
  readonly ledger: string
  /** Signed checkpoint at or above every index below. */
  readonly checkpoint: string
  /** Size of the ledger at that checkpoint. */
  readonly size: number
  /** `STATUS` of each record. */
  readonly statuses: Uint8Array
  /** Index of the record, or of the earlier one with its id. */
  readonly indexes: Float64Array
  /** µs since 1970. */
  readonly recordedAt: Float64Array
  /** 32 bytes each. */
  readonly leafHashes: Uint8Array
}

/** Where the records of one `append` stand within the answer to a whole commit. */
export interface AppendReceipts {
  readonly receipts: CommitReceipts
  /** Place of the first record in the arrays of `receipts`. */
  readonly offset: number
  readonly count: number
}

/** The part of a record that is committed. */
export interface EncodedRecord {
  /** UUID text. */
  readonly id: string
  readonly digest: Uint8Array
  /** Canonical JSON of the core group. */
  readonly core: string
  /** Canonical JSON of the personal group. */
  readonly personal: string
}

/** Records of one request, packed as soon as they are encoded: their texts can be forgotten while they wait. */
export interface PackedRecords {
  readonly count: number
  /** 16 bytes each. */
  readonly ids: Uint8Array
  /** 16 bytes each. */
  readonly digests: Uint8Array
  /** Byte lengths of core and personal group, two numbers a record. */
  readonly lengths: Uint32Array
  /** Core and personal group of each record, one after the other. */
  readonly bytes: Uint8Array
}

export function packRecords(records: readonly EncodedRecord[]): PackedRecords {
  const count = records.length
  const lengths = new Uint32Array(2 * count)
  let total = 0
  for (let i = 0; i < count; i++) {
    const { core, personal } = records[i]!
    total += (lengths[2 * i] = Buffer.byteLength(core)) + (lengths[2 * i + 1] = Buffer.byteLength(personal))
  }
  const names = new Uint8Array(32 * count)
  const ids = names.subarray(0, 16 * count)
  const digests = names.subarray(16 * count)
  const bytes = Buffer.allocUnsafe(total)
  let at = 0
  for (let i = 0; i < count; i++) {
    const { id, digest, core, personal } = records[i]!
    writeUuid(id, ids, 16 * i)
    digests.set(digest, 16 * i)
    at += bytes.write(core, at)
    at += bytes.write(personal, at)
  }
  return { count, ids, digests, lengths, bytes }
}

/** One batch of what several requests sent, in buffers of its own that can be moved to the sequencer. */
export function joinRecords(ledger: string, parts: readonly PackedRecords[]): CommitBatch {
  let count = 0
  let total = 0
  for (const part of parts) {
    count += part.count
    total += part.bytes.length
  }
  const ids = new Uint8Array(16 * count)
  const digests = new Uint8Array(16 * count)
  const lengths = new Uint32Array(2 * count)
  // Not from Buffer's pool: a pooled buffer cannot be moved to another thread.
  const bytes = Buffer.allocUnsafeSlow(total)
  let record = 0
  let at = 0
  for (const part of parts) {
    ids.set(part.ids, 16 * record)
    digests.set(part.digests, 16 * record)
    lengths.set(part.lengths, 2 * record)
    bytes.set(part.bytes, at)
    record += part.count
    at += part.bytes.length
  }
  return { ledger, count, ids, digests, lengths, bytes }
}

/** The buffers of a batch, to be moved with it. */
export function buffersOf(batch: CommitBatch): ArrayBuffer[] {
  return [batch.ids, batch.digests, batch.lengths, batch.bytes].map(({ buffer }) => buffer as ArrayBuffer)
}

const HEX_VALUE = new Uint8Array(128)
for (let i = 0; i < 16; i++) HEX_VALUE[i.toString(16).charCodeAt(0)] = i

/** Writes the 16 bytes of a lower-case UUID text that is known to be valid. */
function writeUuid(text: string, into: Uint8Array, at: number): void {
  for (let i = 0, byte = 0; byte < 16; byte++) {
    if (text.charCodeAt(i) === 45) i++
    into[at + byte] = (HEX_VALUE[text.charCodeAt(i)]! << 4) | HEX_VALUE[text.charCodeAt(i + 1)]!
    i += 2
  }
}
