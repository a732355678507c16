/**
 * Retention: goes through the ledgers by age, a bounded piece at a time, and destroys what its rules say, as an erasure of both groups
 * that the ledger says first. What a legal hold keeps stays, and is looked at again when the holds are others.
 */
import { LEAF_BYTES } from '@trailproof/core'
import type { Logger } from 'pino'
import type { AccessLog } from '../access/access-log.ts'
import type { Person } from '../approvals/approval-store.ts'
import type { Hands } from '../approvals/approvals.ts'
import type { Holds } from '../holds/holds.ts'
import type { Erasures } from '../ledger/erasures.ts'
import { rangesOf } from '../ledger/index-ranges.ts'
import { recordedAtOf } from '../ledger/leaf-time.ts'
import type { IndexRange } from '../ledger/ledger-store.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import { isRecord, type ReadEntry } from '../ledger/read-entry.ts'
import type { ReaderHandlers } from '../ledger/reader-worker.ts'
import type { WorkerApi } from '../process/worker-call.ts'
import { type ErrorCode, TrailproofError } from '../trailproof-error.ts'
import { assertRules, basisOf, ruleFinder } from './retention-rules.ts'
import type { RetentionRule, RetentionStore, StoredRetention } from './retention-store.ts'

const DAY_US = 86_400_000_000
/** Entries of one erasure, which are held in memory. */
const PIECE_ENTRIES = 4096
const ENTRIES_A_READ = 256
/** Between two passes. */
const PASS_MS = 3_600_000
/** How long a preview may take; then it says how far it came. */
const PREVIEW_MS = 5000

export interface RetentionDeps {
  readonly store: RetentionStore
  readonly ledgers: LedgerTable
  readonly reader: Pick<WorkerApi<ReaderHandlers>, 'entries' | 'leaves'>
  readonly erasures: Pick<Erasures, 'erase'>
  readonly holds: Pick<Holds, 'of'>
  readonly accessLog: Pick<AccessLog, 'change'>
  /** Runs the work, or not where another server does such work now. */
  readonly alone: (work: () => Promise<void>) => Promise<void>
  readonly log: Logger
  /** ms since 1970. */
  readonly now: () => number
}

export interface RetentionPreview {
  readonly rules: readonly {
    readonly name: string
    readonly records: number
    /** Of content, as recorded. */
    readonly bytes: number
    /** Records that are due and held. */
    readonly held: number
  }[]
  /** False: time ran out, and there is more. */
  readonly complete: boolean
}

export class Retention {
  readonly #deps: RetentionDeps
  #passing: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(deps: RetentionDeps) {
    this.#deps = deps
  }

  async get(ledger: string): Promise<StoredRetention | undefined> {
    return await this.#deps.store.retention(ledger)
  }

  /** Throws BAD_REQUEST. They count from the next pass on. */
  async put(ledger: string, rules: readonly RetentionRule[], { askedBy, approval }: Hands): Promise<void> {
    assertRules(rules)
    const { store, now } = this.#deps
    const was = await store.retention(ledger)
    // Once more after a crash: they stand already.
    if (approval !== undefined && was?.changedAt === approval.at) return
    const changedBy: Person = { id: askedBy.id, name: askedBy.name }
    const changedAt = approval?.at ?? now()
    await store.putRetention({ ledger, rules, changedBy, changedAt, progress: undefined })
  }

  /** What the next pass would destroy now, under these rules. */
  async preview(view: LedgerView, rules: readonly RetentionRule[]): Promise<RetentionPreview> {
    const holds = await this.#deps.holds.of(view.info.name)
    const sums = rules.map(({ name }) => ({ name, records: 0, bytes: 0, held: 0 }))
    const until = performance.now() + PREVIEW_MS
    const dueTo = await this.#dueTo(view, rules)
    const find = ruleFinder(rules)
    const end = Math.max(0, ...dueTo)
    for (let from = 0; from < end; from += ENTRIES_A_READ) {
      if (performance.now() > until) return { rules: sums, complete: false }
      for (const entry of await this.#read(view, { from, to: Math.min(end, from + ENTRIES_A_READ) })) {
        const at = isRecord(entry) ? find(entry) : undefined
        if (at === undefined || entry.index >= dueTo[at]!) continue
        const sum = sums[at]!
        if (holds.entry(entry).length > 0) sum.held++
        else {
          sum.records++
          sum.bytes += Buffer.byteLength(entry.core!.text) + Buffer.byteLength(entry.personal?.text ?? '')
        }
      }
    }
    return { rules: sums, complete: true }
  }

  /** Passes over all ledgers at once and every hour, until it is disposed of. */
  start(): AsyncDisposable {
    void this.pass()
    const timer = setInterval(() => void this.pass(), PASS_MS)
    timer.unref()
    return {
      [Symbol.asyncDispose]: async () => {
        clearInterval(timer)
        this.#isStopped = true
        await this.#passing
      },
    }
  }

  /** One pass over all ledgers, after the one under way; never rejects. */
  pass(): Promise<void> {
    const { alone, log } = this.#deps
    this.#passing = this.#passing
      .then(() => alone(() => this.#passAll()))
      .catch((error: unknown) => log.warn({ err: error }, 'retention could not go on now'))
    return this.#passing
  }

  async #passAll(): Promise<void> {
    const { ledgers, log } = this.#deps
    for (const view of ledgers.all()) {
      // What no entry can say is not destroyed; of a closed ledger its successor says it.
      if (ledgers.writable(view.info.name)?.info.state.kind !== 'open') continue
      try {
        await this.#passOver(view)
      } catch (error) {
        const isForNow = error instanceof TrailproofError && FOR_NOW.has(error.code)
        log[isForNow ? 'info' : 'warn']({ err: error, ledger: view.info.name }, 'retention goes on later')
      }
    }
  }

  async #passOver(view: LedgerView): Promise<void> {
    const { store, holds, now } = this.#deps
    const { name } = view.info
    const stored = await store.retention(name)
    if (stored === undefined || stored.rules.length === 0) return
    const { rules, changedAt } = stored
    const basis = basisOf(rules, (await holds.of(name)).all)
    const isOf = stored.progress?.basis === basis
    const doneTo = rules.map((_, i) => (isOf ? (stored.progress?.doneTo[i] ?? 0) : 0))
    const dueTo = await this.#dueTo(view, rules)
    for (const [i, rule] of rules.entries()) {
      let destroyed = 0
      while (doneTo[i]! < dueTo[i]! && !this.#isStopped) {
        const piece = { from: doneTo[i]!, to: Math.min(dueTo[i]!, doneTo[i]! + PIECE_ENTRIES) }
        destroyed += await this.#destroyIn(view, piece, rules, i)
        doneTo[i] = piece.to
        await store.retentionProgress(name, changedAt, { basis, doneTo })
        // Whoever has changed the rules or a hold meanwhile begins anew.
        if ((await store.retention(name))?.changedAt !== changedAt) return
      }
      if (destroyed > 0) await this.#record(name, rule, destroyed, now())
    }
  }

  /** Records of a piece that were destroyed. */
  async #destroyIn(
    view: LedgerView,
    piece: IndexRange,
    rules: readonly RetentionRule[],
    i: number,
  ): Promise<number> {
    const { holds, erasures } = this.#deps
    const ledger = view.info.name
    const keeping = await holds.of(ledger)
    const find = ruleFinder(rules)
    const doomed: number[] = []
    for (let { from } = piece; from < piece.to; from += ENTRIES_A_READ)
      for (const entry of await this.#read(view, { from, to: Math.min(piece.to, from + ENTRIES_A_READ) }))
        if (isRecord(entry) && find(entry) === i && keeping.entry(entry).length === 0)
          doomed.push(entry.index)
    if (doomed.length === 0) return 0
    const { name, keepDays } = rules[i]!
    await erasures.erase({
      ledger,
      ranges: rangesOf(doomed),
      groups: 'both',
      rule: name,
      authority: `retention of ledger ${ledger}`,
      reason: `kept for ${keepDays} days`,
      holdsSeenTo: keeping.seenTo,
    })
    return doomed.length
  }

  /** For each rule, the first entry that is too young for it; 0 where it keeps for ever. */
  async #dueTo(view: LedgerView, rules: readonly RetentionRule[]): Promise<number[]> {
    const nowUs = this.#deps.now() * 1000
    const due: number[] = []
    for (const { keepDays } of rules)
      due.push(keepDays === undefined ? 0 : await this.#firstAfter(view, nowUs - keepDays * DAY_US))
    return due
  }

  /** `recorded_at` never decreases within a ledger. */
  async #firstAfter({ info: { name }, size }: LedgerView, timeUs: number): Promise<number> {
    let low = 0
    let high = size
    while (low < high) {
      const middle = (low + high) >>> 1
      const leaf = await this.#deps.reader.leaves(name, middle, 1)
      if (recordedAtOf(leaf.subarray(0, LEAF_BYTES)) <= timeUs) low = middle + 1
      else high = middle
    }
    return low
  }

  #read({ info: { name } }: LedgerView, { from, to }: IndexRange): Promise<readonly ReadEntry[]> {
    return this.#deps.reader.entries(name, from, to - from)
  }

  async #record(ledger: string, rule: RetentionRule, records: number, at: number): Promise<void> {
    await this.#deps.accessLog.change({
      ledger,
      caller: { id: 'retention', name: 'retention' },
      action: 'retention',
      ip: undefined,
      requestId: undefined,
      asked: { rule: rule.name, keep_days: rule.keepDays, records, at: new Date(at).toISOString() },
    })
  }
}

/** It goes on with the next pass. */
const FOR_NOW: ReadonlySet<ErrorCode> = new Set(['HOLD_BEGAN', 'OVERLOADED', 'STOPPING'])
