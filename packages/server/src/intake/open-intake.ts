/** How records come to the sequencer of this process: straight from its receivers, or through a broker. */
import { type CompiledRedaction, parseBody, redactText } from '@trailproof/core'
import type { Logger } from 'pino'
import { acceptBrokered } from '../accept.ts'
import { type LedgerInfo, wasDeleted } from '../ledger/ledger-info.ts'
import { isAccessLedger } from '../ledger/ledger-name.ts'
import type { LedgerTable } from '../ledger/ledger-table.ts'
import { type Commit, type Recovery, SequencerQueue } from '../ledger/sequencer-queue.ts'
import type { Quarantine } from '../quarantine/quarantine.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { BrokerAddress } from './broker-address.ts'
import { BrokerIntake } from './broker-intake.ts'
import type { Intake } from './intake.ts'
import type { Delivery, IntakeBroker } from './intake-broker.ts'
import { IntakeConsumer, type Ownership } from './intake-consumer.ts'
import { openBroker } from './open-broker.ts'

export interface OpenIntakeDeps {
  readonly log: Logger
  readonly ledgers: LedgerTable
  readonly quarantine: Quarantine
  readonly redaction: CompiledRedaction
  readonly recordsMax: number
  readonly waitingRecordsMax: number
  readonly commit: Commit
  /** The process must not go on. */
  readonly onFatal: (error: Error) => void
  /** See `LedgerWriter.own`. */
  readonly own: (ledger: string) => Promise<LedgerInfo['state'] | undefined>
  /** Whether this server commits what the broker holds; without a broker it does. */
  readonly consumes: boolean
  /** Undefined where every failed commit is fatal. */
  readonly recovery: Recovery | undefined
}

export interface OpenIntake {
  readonly intake: Intake
  /** Rejects when records cannot be taken now, and says why. */
  check(): Promise<void>
  /** Messages that wait at the broker; undefined without one. */
  lag(): Promise<number | undefined>
  /** Answers and commits what was taken; again: the same. */
  stop(): Promise<void>
}

export async function openIntake(address: BrokerAddress, deps: OpenIntakeDeps): Promise<OpenIntake> {
  if (address.kind === 'direct') return direct(deps)
  const { log, ledgers, waitingRecordsMax } = deps
  await using undo = new AsyncDisposableStack()
  const broker = undo.use(await openBroker(address, (message) => log.warn({ broker: address.kind }, message)))
  const consumer = deps.consumes ? consumerOn(broker, deps) : undefined
  const intake = await BrokerIntake.open(broker, {
    waitingRecordsMax,
    onReceipts: (receipts) => ledgers.advance(receipts),
  })
  consumer?.start()
  undo.move() // closed by `stop` from here on
  return {
    intake,
    check: () => broker.check(),
    lag: async () => consumer?.lag(),
    stop: once(async () => {
      await intake.drain()
      await consumer?.stop()
      await broker[Symbol.asyncDispose]()
    }),
  }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let begun: Promise<void> | undefined
  return () => (begun ??= work())
}

function direct({ commit, onFatal, waitingRecordsMax, recovery }: OpenIntakeDeps): OpenIntake {
  const intake = new SequencerQueue(commit, onFatal, { waitingRecordsMax, ...(recovery && { recovery }) })
  return {
    intake,
    check: async () => undefined,
    lag: async () => undefined,
    stop: () => intake.drain(),
  }
}

function consumerOn(broker: IntakeBroker, deps: OpenIntakeDeps): IntakeConsumer {
  const { commit, recovery, log } = deps
  return new IntakeConsumer({
    broker,
    openQueue: (onFailure) =>
      new SequencerQueue(commit, (error) => {
        if (recovery?.appliesTo(error) === true) onFailure(error)
        else deps.onFatal(error)
      }),
    own: (ledger) => ownershipOf(ledger, deps),
    takeForeign: (delivery, queue) => takeForeign(delivery, queue, broker, deps),
    putAside: (delivery, reason, ledger) => putAside(delivery, { reason, ledger }, broker, deps),
    recover: async () => recovery?.recover(),
    onFailure: (error) =>
      log.warn({ err: error, broker: broker.name }, 'taking records from the broker again'),
  })
}

async function ownershipOf(name: string, { own }: OpenIntakeDeps): Promise<Ownership> {
  // As many hops as there can be successions of one ledger.
  for (let ledger = name, hops = 0; hops < 1000; hops++) {
    const state = await own(ledger)
    if (state === undefined)
      return { kind: 'refused', error: new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${ledger}`) }
    if (state.kind === 'open') return { kind: 'owned', ledger }
    if (state.kind === 'deleted') return { kind: 'refused', error: wasDeleted(ledger) }
    if (state.kind === 'blocked')
      return { kind: 'refused', error: new TrailproofError('DATA_BEHIND_LOCK', state.reason) }
    ledger = state.successor
  }
  return { kind: 'refused', error: new TrailproofError('LEDGER_CLOSED', `${name} has no end of successors`) }
}

/** Records in JSON: one, an array, or one a line. A key that names no ledger means `main`; what is for a deleted one is put aside. */
async function takeForeign(
  delivery: Delivery,
  queue: Intake,
  broker: IntakeBroker,
  deps: OpenIntakeDeps,
): Promise<void> {
  const { ledgers, quarantine, redaction, recordsMax } = deps
  const { bytes, key, place } = delivery
  const ledger = ledgers.writable(key) ?? ledgers.writable('main')
  if (ledger === undefined) throw new TrailproofError('LEDGER_UNKNOWN', `${place}: there is no ledger main`)
  const { name, state } = ledger.info
  const aside = (reason: string) => putAside(delivery, { reason, ledger: name }, broker, deps)
  if (state.kind === 'deleted') return await aside(wasDeleted(name).message)
  if (isAccessLedger(name)) return await aside(`${name} is written by the server itself`)
  await acceptBrokered(
    {
      ledger,
      read: (limits) => parseBody(bytes, 'json', limits),
      place,
      source: textOf(bytes),
      keyPrefix: broker.name,
    },
    { sequencer: queue, quarantine, redaction, recordsMax, now: Date.now },
  )
}

async function putAside(
  { bytes, place }: Delivery,
  { reason, ledger: asked }: { readonly reason: string; readonly ledger: string | undefined },
  broker: IntakeBroker,
  { quarantine, redaction, ledgers }: OpenIntakeDeps,
): Promise<void> {
  const problems = [{ field: '', code: 'unreadable_message', message: `${place}: ${reason}` }]
  const source = redactText(textOf(bytes), redaction)
  // What is for a ledger that is there is seen by nobody but who looks after it.
  const ledger = (asked === undefined ? undefined : ledgers.get(asked)?.info.name) ?? mainOf(ledgers)
  const [kept] = await quarantine.keep([{ problems, source }], { ledger, keyPrefix: broker.name })
  if (kept?.kind !== 'quarantined')
    throw new TrailproofError('OVERLOADED', `${place}: the quarantine is full`, { retryable: true })
}

function mainOf(ledgers: LedgerTable): string {
  return ledgers.writable('main')?.info.name ?? 'main'
}

/** UTF-16 code units of a message that are kept of one that cannot be recorded. */
const SOURCE_CHARS_MAX = 2 ** 20

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString().slice(0, SOURCE_CHARS_MAX)
}
