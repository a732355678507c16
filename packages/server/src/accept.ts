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
import type { Caller } from './access/caller.ts'
import type { Callers } from './access/callers.ts'
import { chooseLedger, type LedgerRefusal } from './access/choose-ledger.ts'
import type { Credentials } from './access/credentials.ts'
import type { Intake } from './intake/intake.ts'
import type { AppendReceipts } from './ledger/commit-batch.ts'
import { type PackedRecords, packRecords } from './ledger/commit-batch.ts'
import type { LedgerTable, LedgerView } from './ledger/ledger-table.ts'
import type { Limits } from './limits/limits.ts'
import type { Admission } from './process/admission.ts'
import { sha256 } from './process/sha256.ts'
import type { BadRecord, Quarantine, QuarantineReceipt } from './quarantine/quarantine.ts'
import { TrailproofError } from './trailproof-error.ts'

export interface IngestRequest {
  readonly credentials: Credentials
  /** Told of a request that is denied, for the record of it. */
  readonly onDenied?: (denied: DeniedIngest) => void
  /** Names the ledger when the key opens several. Default: the key's own, else `main`. */
  readonly ledger: string | undefined
  /** The receiver's part: what it received, as records. Called once, after access was granted. */
  readonly read: (limits: Partial<ReadLimits>) => ParsedBody
  /** Names the records of the body that carry no id, together with their position. */
  readonly idempotencyKey: string | undefined
}

export interface DeniedIngest {
  readonly ledger: string | undefined
  readonly caller: Pick<Caller, 'id' | 'name'> | undefined
  readonly permission: 'record'
}

export interface AcceptDeps {
  readonly callers: Pick<Callers, 'identify'>
  readonly ledgers: LedgerTable
  readonly sequencer: Intake
  readonly quarantine: Quarantine
  readonly admission: Admission
  readonly limits: Limits
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
  /** For now: overloaded, too fast, disk reserve reached, stopping. */
  | { readonly kind: 'unavailable'; readonly error: TrailproofError }

/** Once this resolves, every outcome is on the disk and covered by a locked checkpoint. */
export async function accept(request: IngestRequest, deps: AcceptDeps): Promise<Accepted | Refusal> {
  const opened = open(request, deps)
  if (opened.kind !== 'open') return opened
  const { ledger, single, packed } = opened
  try {
    const appended = packed && (await deps.sequencer.append(ledger.info.name, packed))
    return { kind: 'accepted', ledger, single, outcomes: await settleBad(opened, deps), appended }
  } catch (error) {
    return refusalOf(error, ledger)
  }
}

/** Records that a broker holds and no sequencer has seen: their places are told to nobody. */
export type Queued = Pick<Accepted, 'ledger' | 'single' | 'outcomes'> & { readonly kind: 'queued' }

/** Once this resolves, the broker holds every good record, and every bad one of a batch is kept aside. */
export async function acceptQueued(
  request: IngestRequest,
  enqueue: NonNullable<Intake['enqueue']>,
  deps: AcceptDeps,
): Promise<Queued | Refusal> {
  const opened = open(request, deps)
  if (opened.kind !== 'open') return opened
  const { ledger, single, packed } = opened
  try {
    if (packed) await enqueue(ledger.info.name, packed)
    return { kind: 'queued', ledger, single, outcomes: await settleBad(opened, deps) }
  } catch (error) {
    return refusalOf(error, ledger)
  }
}

interface OpenRequest extends Omit<ReadBody, 'kind'> {
  readonly kind: 'open'
  readonly ledger: LedgerView
  readonly caller: Caller
}

/** Who asks, for which ledger, and what came in. */
function open(request: IngestRequest, deps: AcceptDeps): OpenRequest | Refusal {
  const caller = deps.callers.identify(request.credentials, 'record')
  if (caller.kind === 'refused') {
    request.onDenied?.({ ledger: request.ledger, caller: caller.caller, permission: 'record' })
    return { kind: 'no-access', refusal: caller }
  }
  const ledger = chooseLedger(request.ledger, caller, 'record', deps.ledgers, { to: 'write' })
  if (ledger.kind === 'refused') {
    if (ledger.reason === 'forbidden')
      request.onDenied?.({ ledger: ledger.ledger, caller, permission: 'record' })
    return { kind: 'no-ledger', refusal: ledger }
  }
  const closed = deps.admission.refusal()
  if (closed) return { kind: 'unavailable', error: closed }

  // Reading and packing take no turn of the event loop: the texts of the body are garbage before we wait.
  const body = readBody(request, ledger.view, deps)
  if (body.kind === 'refused') return { kind: 'unreadable', problem: body.problem }
  const limited = deps.limits.records(ledger.view.info.name, body.outcomes.length)
  if (limited) return { kind: 'unavailable', error: limited }
  return { ...body, kind: 'open', ledger: ledger.view, caller }
}

/** A single bad record goes back to its sender; one of a batch has no way back and is kept. */
async function settleBad(
  { single, bad, ledger, caller, outcomes }: OpenRequest,
  deps: AcceptDeps,
): Promise<readonly Outcome[]> {
  return withKept(outcomes, single ? [] : await keepAside(bad, ledger, caller, deps))
}

function refusalOf(error: unknown, { info }: LedgerView): Refusal {
  if (!(error instanceof TrailproofError)) throw error
  if (error.retryable) return { kind: 'unavailable', error }
  // It was deleted while the records were on their way.
  if (error.code !== 'LEDGER_CLOSED') throw error
  const refusal = { kind: 'refused', reason: 'deleted', detail: error.message, ledger: info.name } as const
  return { kind: 'no-ledger', refusal }
}

/** What came in a message of a broker, written there by others. */
export interface BrokeredBody {
  readonly ledger: LedgerView
  readonly read: (limits: Partial<ReadLimits>) => ParsedBody
  /** Where it stands; names the records that carry no id, so that a message that comes again is recorded once. */
  readonly place: string
  /** For a message that cannot be read at all. */
  readonly source: string
  /** Stands for the key it did not come with. */
  readonly keyPrefix: string
}

/** Once this resolves, every record is committed or in quarantine. Rejects when neither can be done now. */
export async function acceptBrokered(
  { ledger, read, place, source, keyPrefix }: BrokeredBody,
  deps: Omit<AcceptDeps, 'callers' | 'ledgers' | 'admission' | 'limits'>,
): Promise<void> {
  const body = readBody({ read, idempotencyKey: place }, ledger, deps)
  const bad = body.kind === 'refused' ? [{ problems: [body.problem], source }] : body.bad
  if (body.kind === 'read' && body.packed) await deps.sequencer.append(ledger.info.name, body.packed)
  const kept = await keepAside(bad, ledger, { id: keyPrefix }, deps)
  if (kept.some(({ kind }) => kind === 'refused'))
    throw new TrailproofError('OVERLOADED', `${place}: the quarantine is full`, { retryable: true })
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
  { read, idempotencyKey }: Pick<IngestRequest, 'read' | 'idempotencyKey'>,
  { info }: LedgerView,
  { recordsMax, redaction, now }: Pick<AcceptDeps, 'recordsMax' | 'redaction' | 'now'>,
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
  { id: keyPrefix }: Pick<Caller, 'id'>,
  { quarantine, redaction }: Pick<AcceptDeps, 'quarantine' | 'redaction'>,
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
