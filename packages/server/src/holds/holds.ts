/** Legal holds: while one is there, neither an erasure nor retention destroys what it is about. */
import { createHmac } from 'node:crypto'
import type { Logger } from 'pino'
import type { Hands } from '../approvals/approvals.ts'
import { subjectHash } from '../erasure/data-subject.ts'
import { wasDeleted } from '../ledger/ledger-info.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import type { SequencerHandlers } from '../ledger/sequencer-worker.ts'
import type { WorkerApi } from '../process/worker-call.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { type HeldBy, heldBy } from './held.ts'
import type { HeldRecords, HoldStore, StoredHold } from './hold-store.ts'

export const HOLDS_MAX = 1000

export interface HoldsDeps {
  readonly store: HoldStore
  readonly writer: Pick<WorkerApi<SequencerHandlers>, 'recordHold'>
  readonly ledgers: LedgerTable
  readonly log: Logger
  /** ms since 1970. */
  readonly now: () => number
}

/** What holds keep in a ledger now. */
export interface LedgerHolds extends HeldBy {
  readonly all: readonly StoredHold[]
  /** Size of the ledger, or of its last successor, before they were read: what begins later is told by HOLD_BEGAN. */
  readonly seenTo: number
}

export class Holds {
  readonly #deps: HoldsDeps

  constructor(deps: HoldsDeps) {
    this.#deps = deps
  }

  /** As they are stored now. Those of ledgers that this one has succeeded, or that have succeeded it, hold here too, but for ranges. */
  async of(ledger: string): Promise<LedgerHolds> {
    const { store, ledgers } = this.#deps
    const chain = ledgers.chainOf(ledger)
    const seenTo = chain.at(-1)?.size ?? 0
    const all: StoredHold[] = []
    for (const { info } of chain)
      for (const hold of await store.holds(info.name))
        if (info.name === ledger || hold.records.kind !== 'range') all.push(hold)
    return { ...heldBy(all), all, seenTo }
  }

  /** Those of one ledger alone. */
  async list(ledger: string): Promise<readonly StoredHold[]> {
    return await this.#deps.store.holds(ledger)
  }

  /**
   * From when this resolves, what it is about is kept. It counts before the ledger says so: a crash in between leaves a hold that the
   * next start records.
   */
  async place(asked: Omit<StoredHold, 'heldAt' | 'entry'>): Promise<StoredHold> {
    const { store, now } = this.#deps
    const hold = { ...asked, heldAt: now(), entry: undefined }
    if (!(await store.addHold(hold, HOLDS_MAX))) throw await this.#whyNot(asked)
    try {
      return await this.#record(hold)
    } catch (error) {
      // A hold that is on no record would be nobody's to find; whoever asked is told.
      await store.deleteHold(hold.ledger, hold.name)
      throw error
    }
  }

  /** Ends that very hold. Once more after a crash, it does what was not done. */
  async release(
    { ledger, name, heldAt, reason }: Pick<StoredHold, 'ledger' | 'name' | 'heldAt' | 'reason'>,
    { askedBy, approval }: Hands,
  ): Promise<void> {
    const { store, writer, ledgers, now } = this.#deps
    const hold = (await store.holds(ledger)).find((each) => each.name === name)
    if (hold === undefined && approval !== undefined) return
    if (hold?.heldAt !== heldAt)
      throw new TrailproofError('ENTRY_UNKNOWN', `ledger ${ledger} has no such hold ${name} any more`)
    const view = this.#writable(ledger)
    const receipts = await writer.recordHold({
      ledger: view.info.name,
      action: 'trailproof.hold_released',
      name,
      authority: hold.authority,
      reason,
      records: shownOf(hold.records, view),
      at: (approval?.at ?? now()) * 1000,
      ...(approval && {
        approval: { id: approval.id, asked_by: askedBy.id, approved_by: approval.by.id },
      }),
    })
    ledgers.advance(receipts)
    await store.deleteHold(ledger, name)
  }

  /** At the start: records what a crash has left unrecorded. A ledger that cannot be written waits for another start; its holds hold. */
  async recordAll(): Promise<void> {
    const { ledgers, store, log } = this.#deps
    for (const { info } of ledgers.all())
      try {
        for (const hold of await store.holds(info.name))
          if (hold.entry === undefined)
            // Placed when it was too late, by a server that did not live to say so.
            await (info.state.kind === 'deleted'
              ? store.deleteHold(hold.ledger, hold.name)
              : this.#record(hold))
      } catch (error) {
        log.warn({ err: error, ledger: info.name }, 'a hold could not be recorded now')
      }
  }

  async #record(hold: StoredHold): Promise<StoredHold> {
    const { store, writer, ledgers } = this.#deps
    const { ledger, name, authority, reason, records, heldAt } = hold
    const view = this.#writable(ledger)
    const receipts = await writer.recordHold({
      ledger: view.info.name,
      action: 'trailproof.hold',
      name,
      authority,
      reason,
      records: shownOf(records, view),
      at: heldAt * 1000,
    })
    ledgers.advance(receipts)
    const entry = receipts.indexes[0]!
    await store.holdRecorded(ledger, name, entry)
    return { ...hold, entry }
  }

  async #whyNot({ ledger, name }: Pick<StoredHold, 'ledger' | 'name'>): Promise<TrailproofError> {
    return (await this.#deps.store.holds(ledger)).some((each) => each.name === name)
      ? new TrailproofError('BAD_REQUEST', `ledger ${ledger} has a hold ${name} already`)
      : new TrailproofError('OVERLOADED', `there are ${HOLDS_MAX} holds, and no more are kept`)
  }

  #writable(ledger: string): LedgerView {
    const view = this.#deps.ledgers.writable(ledger)
    if (!view) throw new TrailproofError('LEDGER_UNKNOWN', `there is no ledger ${ledger}`)
    if (view.info.state.kind === 'deleted') throw wasDeleted(view.info.name)
    return view
  }
}

/** What the ledger says for ever of what is held: whoever knows query or subject can tell, nobody else. */
function shownOf(records: HeldRecords, { info: { idKey } }: LedgerView): Record<string, unknown> {
  switch (records.kind) {
    case 'range':
      return { range: [records.from, records.to] }
    case 'subject':
      return { subject: subjectHash({ id: records.id, type: records.type }, idKey) }
    case 'query': {
      const text = `trailproof/v1 held query\n${records.query}`
      return { query: createHmac('sha256', idKey).update(text).digest('hex') }
    }
  }
}
