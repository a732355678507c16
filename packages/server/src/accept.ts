/**
 * What happens to records between a receiver and the sequencer, the same for every protocol:
 * identify, parse, prepare (map, mask, encode), record, and keep aside what can never be recorded.
 */
import {
  type BodyProblem,
  type CompiledRedaction,
  type ParsedBody,
  type Problem,
  type ReadLimits,
  redactText,
} from '@trailproof/core'
import { type PreparedRecord, prepareRecord } from '@trailproof/core/schema'
import { uuidv7 } from 'uuidv7'
import type { AccessRefusal } from './access/access-refusal.ts'
import type { ApiKeys, Caller } from './access/api-keys.ts'
import { chooseLedger, type LedgerRefusal } from './access/choose-ledger.ts'
import { type PackedRecords, packRecords } from './ledger/commit-batch.ts'
import type { LedgerTable, LedgerView } from './ledger/ledger-table.ts'
import type { AppendReceipts, SequencerQueue } from './ledger/sequencer-queue.ts'
import type { Admission } from './process/admission.ts'
import { sha256 } from './process/sha256.ts'
import type { BadRecord, Quarantine, QuarantineReceipt } from './quarantine/quarantine.ts'
import { TrailproofError } from './trailproof-error.ts'

export interface IngestRequest {
  readonly token: string | undefined
  /** Names the ledger when the key opens several. Default: the key's own, else `main`. */
  readonly ledger: string | undefined
  /** The receiver's part: what it received, as records. Called once, after access was granted. */
  readonly read: (limits: Partial<ReadLimits>) => ParsedBody
  /** Names the records of the body that carry no id, together with their position. */
  readonly idempotencyKey: string | undefined
}

export interface AcceptDeps {
  readonly keys: ApiKeys
  readonly ledgers: LedgerTable
  readonly sequencer: SequencerQueue
  readonly quarantine: Quarantine
  readonly admission: Admission
  readonly redaction: CompiledRedaction
  readonly recordsMax: number
  /** ms since 1970. */
  readonly now: () => number
}

/** What became of one record of the body. */
export type Outcome =
  /** In the ledger, or found there: `at` is its place in `appended`. */
  | {
      readonly kind: 'appended'
      readonly at: number
      readonly id: string
      readonly idGiven: PreparedRecord['idGiven']
    }
  | { readonly kind: 'bad'; readonly problems: readonly Problem[]; readonly kept?: QuarantineReceipt }

export interface Accepted {
  readonly kind: 'accepted'
  readonly ledger: LedgerView
  /** Whether the body was one record, not a batch. */
  readonly single: boolean
  /** One for each record, in the order of the body. */
  readonly outcomes: readonly Outcome[]
  /** Undefined when no record was good enough to be appended. */
  readonly appended: AppendReceipts | undefined
}

export type Refusal =
  | { readonly kind: 'no-access'; readonly refusal: AccessRefusal }
  | { readonly kind: 'no-ledger'; readonly refusal: LedgerRefusal }
  | { readonly kind: 'unreadable'; readonly problem: BodyProblem }
  /** For now: overloaded, disk reserve reached, stopping. */
  | { readonly kind: 'unavailable'; readonly error: TrailproofError }

/** Once this resolves, every outcome is on the disk and covered by a locked checkpoint. */
export async function accept(request: IngestRequest, deps: AcceptDeps): Promise<Accepted | Refusal> {
  const caller = deps.keys.identify(request.token, 'ingest')
  if (caller.kind === 'refused') return { kind: 'no-access', refusal: caller }
  const ledger = chooseLedger(request.ledger, caller, deps.ledgers, 'write')
  if (ledger.kind === 'refused') return { kind: 'no-ledger', refusal: ledger }
  const closed = deps.admission.refusal()
  if (closed) return { kind: 'unavailable', error: closed }

  // Reading and packing take no turn of the event loop: the texts of the body are garbage before we wait.
  const body = readBody(request, ledger.view, deps)
  if (body.kind === 'refused') return { kind: 'unreadable', problem: body.problem }
  const { single, outcomes, packed, bad } = body
  try {
    const appended = packed && (await deps.sequencer.append(ledger.view.info.name, packed))
    // A single bad record goes back to its sender; one of a batch has no way back and is kept.
    const kept = single ? [] : await keepAside(bad, ledger.view, caller, deps)
    return { kind: 'accepted', ledger: ledger.view, single, outcomes: withKept(outcomes, kept), appended }
  } catch (error) {
    if (error instanceof TrailproofError && error.retryable) return { kind: 'unavailable', error }
    throw error
  }
}

interface ReadBody {
  readonly kind: 'read'
  readonly single: boolean
  readonly outcomes: readonly Outcome[]
  /** The good records; undefined when there are none. */
  readonly packed: PackedRecords | undefined
  readonly bad: readonly BadRecord[]
}

/** Maps, masks and encodes each record; a bad one does not hurt the others. */
function readBody(
  { read, idempotencyKey }: IngestRequest,
  { info }: LedgerView,
  { recordsMax, redaction, now }: AcceptDeps,
): ReadBody | Extract<ParsedBody, { kind: 'refused' }> {
  const parsed = read({ recordsMax })
  if (parsed.kind === 'refused') return parsed
  const shared = {
    receivedAt: new Date(now()).toISOString(),
    redaction,
    sha256,
    dedupeKey: info.dedupeKey,
    idKey: info.idKey,
    newId: uuidv7,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  }
  const good: PreparedRecord[] = []
  const bad: BadRecord[] = []
  const outcomes = parsed.items.map((item, position): Outcome => {
    const record = prepareRecord(item, { ...shared, position })
    if (record.kind === 'problem') {
      bad.push({ problems: record.problems, source: item.source })
      return { kind: 'bad', problems: record.problems }
    }
    good.push(record)
    return { kind: 'appended', at: good.length - 1, id: record.id, idGiven: record.idGiven }
  })
  const packed = good.length > 0 ? packRecords(good) : undefined
  return { kind: 'read', single: parsed.single, outcomes, packed, bad }
}

function keepAside(
  bad: readonly BadRecord[],
  { info }: LedgerView,
  { keyPrefix }: Caller,
  { quarantine, redaction }: AcceptDeps,
): Promise<QuarantineReceipt[]> {
  const masked = bad.map(({ problems, source }) => ({ problems, source: redactText(source, redaction) }))
  return quarantine.keep(masked, { ledger: info.name, keyPrefix })
}

/** The outcomes with what became of the bad ones, which come in the same order. */
function withKept(outcomes: readonly Outcome[], kept: readonly QuarantineReceipt[]): readonly Outcome[] {
  if (kept.length === 0) return outcomes
  let next = 0
  return outcomes.map((outcome) => (outcome.kind === 'bad' ? { ...outcome, kept: kept[next++]! } : outcome))
}
