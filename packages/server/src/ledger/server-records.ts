/** Records that the server writes itself. Producers cannot: their actions are reserved. */
import { randomBytes } from 'node:crypto'
import { canonicalJson, encodeUuid } from '@trailproof/core'
import { uuidv7 } from 'uuidv7'
import { formatMicros } from '../process/format-time.ts'
import { sha256 } from '../process/sha256.ts'
import type { EncodedRecord, PackedRecords } from './commit-batch.ts'
import type { IndexRange } from './ledger-store.ts'

const encoder = new TextEncoder()
/** Part of every core group; spec/record.md. */
const SCHEMA = 'trailproof/v1'
const SERVICE = 'trailproof'
const ACCESS_ACTOR_TYPE = 'api_key'

/** Actions of the ledger itself: their entries are never erased. */
const SERVER_ACTION_PREFIX = 'trailproof.'

interface LedgerKeyed {
  readonly dedupeKey: Uint8Array
}

export interface Conflict {
  readonly id: Uint8Array
  readonly digest: Uint8Array
  /** Core group of the record that was not recorded. */
  readonly core: Uint8Array
  /** Where the id stands already. */
  readonly index: number
  /** µs since 1970. */
  readonly at: number
}

/** Says that other content was sent under an id that is taken. Its own id is made from both, so it is written once. */
export function conflictRecord(
  ledger: LedgerKeyed,
  { id, digest, core, index, at }: Conflict,
): EncodedRecord {
  // The number is seen, whatever the content: no gap of the stream.
  const { stream } = JSON.parse(new TextDecoder().decode(core)) as { stream?: unknown }
  return serverRecord(ledger, {
    action: 'trailproof.conflict',
    outcome: 'denied',
    at,
    nameParts: [id, digest],
    metadata: {
      id: encodeUuid(id),
      index,
      digest: Buffer.from(digest).toString('hex'),
      ...(stream ? { stream } : {}),
    },
  })
}

export interface ErasureFacts {
  /** The closed ledger whose entries they are, where another one says so that has succeeded it. */
  readonly predecessor?: string
  readonly ranges: readonly IndexRange[]
  /** Who or what law asks for it. */
  readonly authority: string
  readonly reason: string
  /** Keyed hash of whose records they are (data-subject.ts); undefined: they were named one by one. */
  readonly subject?: string
  /** The core groups too. Default: the personal groups alone. */
  readonly groups?: 'both'
  /** The ledger is closed with it, for ever. */
  readonly closes?: true
  /** Name of the retention rule by which it is done. */
  readonly rule?: string
  /** Where it took two: ids of both, not their names, for this stays for ever. */
  readonly approval?: { readonly id: string; readonly asked_by: string; readonly approved_by: string }
}

/** What the entries by which a ledger is deleted say, whenever they are written. */
export interface DeletionFacts extends Pick<ErasureFacts, 'authority' | 'reason' | 'approval'> {
  /** µs since 1970. */
  readonly at: number
}

/**
 * The entry by which `verify` answers `erased` instead of `broken` (spec/verify.md). That of a predecessor's entries has an action of its own:
 * whoever does not know of it must not take those indexes for indexes of this ledger.
 */
export function erasureRecord(ledger: LedgerKeyed, facts: ErasureFacts, at: number): EncodedRecord {
  const { predecessor, authority, reason, subject, groups, closes, rule, approval } = facts
  const ranges = facts.ranges.map(({ from, to }) => [from, to])
  return serverRecord(ledger, {
    action: predecessor === undefined ? 'trailproof.erasure' : 'trailproof.erasure_of_predecessor',
    outcome: 'success',
    at,
    nameParts: [
      encoder.encode(
        JSON.stringify([
          ranges,
          authority,
          reason,
          at,
          ...(approval ? [approval.id] : []),
          ...(rule === undefined ? [] : [rule]),
          ...(closes ? ['closes'] : []),
          ...(predecessor === undefined ? [] : [{ ledger: predecessor }]),
        ]),
      ),
    ],
    metadata: {
      ...(predecessor !== undefined && { ledger: predecessor }),
      ranges,
      group: groups ?? 'personal',
      ...(closes && { closes }),
      authority,
      reason,
      ...(subject !== undefined && { subject }),
      ...(rule !== undefined && { rule }),
      ...(approval && { approval }),
    },
  })
}

export interface HoldFacts {
  readonly name: string
  readonly authority: string
  readonly reason: string
  /** What is held, without naming anybody: a range, or a keyed hash of a query or of a subject. */
  readonly records: Readonly<Record<string, unknown>>
  readonly approval?: ErasureFacts['approval']
}

/** Says that a legal hold began or ended. */
export function holdRecord(
  ledger: LedgerKeyed,
  action: 'trailproof.hold' | 'trailproof.hold_released',
  facts: HoldFacts,
  at: number,
): EncodedRecord {
  return serverRecord(ledger, {
    action,
    outcome: 'success',
    at,
    nameParts: [encoder.encode(JSON.stringify([facts.name, at]))],
    metadata: { ...facts },
  })
}

/** Whether an entry says that a hold began, by its core group. */
export function isHold(core: Uint8Array): boolean {
  const { action } = JSON.parse(new TextDecoder().decode(core)) as { action?: unknown }
  return action === 'trailproof.hold'
}

/** Entry 0 of a successor: what the ledger before it had signed, and what was found. */
export function successionRecord(
  ledger: LedgerKeyed,
  facts: {
    readonly predecessor: string
    readonly locked: string
    readonly found: string
    readonly reason: string
  },
  at: number,
): EncodedRecord {
  const { predecessor, locked, found, reason } = facts
  return serverRecord(ledger, {
    action: 'trailproof.succession',
    outcome: 'success',
    at,
    nameParts: [encoder.encode(JSON.stringify([predecessor, at]))],
    metadata: { predecessor, locked_checkpoint: locked, restored_checkpoint: found, reason },
  })
}

/** A read or a change of keys and ledgers, as its companion ledger keeps it. Erasable: queries may name people. */
export interface AccessFacts {
  /** `access.search`, `access.key.created` … */
  readonly action: string
  readonly outcome: 'success' | 'denied'
  /** Id and name of the caller; of an API key its prefix. */
  readonly actor: { readonly id: string; readonly name: string }
  readonly ip: string | undefined
  readonly requestId: string | undefined
  readonly ledger: string
  /** What was read or changed, where it is one thing. */
  readonly target: { readonly type: string; readonly id: string } | undefined
  readonly metadata: Readonly<Record<string, unknown>>
  /** µs since 1970. */
  readonly at: number
}

export function accessRecord(facts: AccessFacts): EncodedRecord {
  const { action, outcome, actor, ip, requestId, ledger, target, metadata, at } = facts
  const id = uuidv7()
  const time = formatMicros(at)
  return {
    id,
    // The server writes each once: nothing is ever compared with it.
    digest: randomBytes(16),
    core: canonicalJson({
      action,
      actor_type: actorTypeOf(actor.id),
      id,
      kind: 'event',
      outcome,
      received_at: time,
      ...(requestId !== undefined && { request_id: requestId }),
      schema: SCHEMA,
      service: SERVICE,
      ...(target && { target_types: [target.type] }),
      timestamp: time,
    }),
    personal: canonicalJson({
      actor: { ...actor, type: actorTypeOf(actor.id) },
      metadata: { ...metadata, ledger },
      ...(ip !== undefined && { source: { ip } }),
      ...(target && { targets: [target] }),
    }),
  }
}

/** The ids of other callers begin with what they are (access/caller.ts). */
function actorTypeOf(callerId: string): string {
  const [, kind] = /^(user|service):/.exec(callerId) ?? []
  return kind ?? ACCESS_ACTOR_TYPE
}

export interface StreamGap {
  readonly streamId: string
  /** First and last missing number. */
  readonly from: number
  readonly to: number
}

/** Says that numbers of a producer's stream never arrived, or arrived after all. */
export function gapRecord(
  ledger: LedgerKeyed,
  action: 'stream.gap' | 'stream.gap_filled',
  { streamId, from, to }: StreamGap,
  at: number,
): EncodedRecord {
  return serverRecord(ledger, {
    action,
    outcome: action === 'stream.gap' ? 'failure' : 'success',
    at,
    nameParts: [encoder.encode(JSON.stringify([streamId, from, to]))],
    metadata: { stream: { id: streamId, from, to } },
  })
}

/** Whether an entry is one of the ledger's own, by its core group. */
export function isServerAction(core: Uint8Array): boolean {
  const { action } = JSON.parse(new TextDecoder().decode(core)) as { action?: unknown }
  return typeof action === 'string' && action.startsWith(SERVER_ACTION_PREFIX)
}

/** Whether some of these have such an action, as no receiver sends them; true as well of what cannot be read. */
export function mayHoldServerRecords({ count, lengths, bytes }: PackedRecords): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Nearly always enough: in canonical JSON only control characters are escaped like that.
  if (!text.includes(`"${SERVER_ACTION_PREFIX}`) && !text.includes(String.raw`\u`)) return false
  let at = 0
  try {
    for (let i = 0; i < count; i++) {
      const [core, personal] = [lengths[2 * i]!, lengths[2 * i + 1]!]
      if (isServerAction(text.subarray(at, at + core))) return true
      at += core + personal
    }
    return false
  } catch {
    return true
  }
}

interface ServerRecord {
  readonly action: string
  readonly outcome: string
  readonly at: number
  /** What makes it the same record when it is written again. */
  readonly nameParts: readonly Uint8Array[]
  readonly metadata: Readonly<Record<string, unknown>>
}

function serverRecord(
  { dedupeKey }: LedgerKeyed,
  { action, outcome, at, nameParts, metadata }: ServerRecord,
): EncodedRecord {
  const name = sha256(Buffer.concat([dedupeKey, encoder.encode(`${action}\n`), ...nameParts]))
  const time = formatMicros(at)
  return {
    id: uuidV8(name),
    digest: name.slice(16, 32),
    core: canonicalJson({
      action,
      id: uuidV8(name),
      kind: 'event',
      outcome,
      received_at: time,
      schema: SCHEMA,
      service: SERVICE,
      timestamp: time,
    }),
    personal: canonicalJson({ metadata }),
  }
}

/** UUIDv8 (RFC 9562) of the first 16 bytes of a hash. */
function uuidV8(hash: Uint8Array): string {
  const bytes = hash.slice(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return encodeUuid(bytes)
}
