/**
 * Who read what: one record in the companion ledger for each query, view or tail, committed before the answer is given.
 * The same read again within a minute is counted, and the count is recorded when the minute is over.
 */

import type { Intake } from '../intake/intake.ts'
import { packRecords } from '../ledger/commit-batch.ts'
import type { LedgerInfo } from '../ledger/ledger-info.ts'
import { accessLedgerOf } from '../ledger/ledger-name.ts'
import type { LedgerTable, LedgerView } from '../ledger/ledger-table.ts'
import { accessRecord } from '../ledger/server-records.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Admission } from '../process/admission.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { Caller } from './caller.ts'

const REPEATS_MS = 60_000
const SWEEP_MS = 5000
/** Reads whose repeats are counted at once; beyond, each repeat is recorded. */
const COUNTED_MAX = 10_000
/** UTF-16 code units of a query in a record. */
const TEXT_MAX = 4096
/** Parameters of a request in a record, and UTF-16 code units of the name of one. */
const NAMES_MAX = 64
const NAME_MAX = 128

export interface Access {
  /** The ledger that was read, or whose keys and access were changed. */
  readonly ledger: string
  readonly caller: Pick<Caller, 'id' | 'name'>
  /** Without `access.`: `search`, `view`, `export` … */
  readonly action: string
  readonly ip: string | undefined
  readonly requestId: string | undefined
  readonly target?: { readonly type: string; readonly id: string }
  /** What was asked, small; part of what makes two reads the same. */
  readonly asked: Readonly<Record<string, unknown>>
}

export interface AccessLogDeps {
  readonly ledgers: LedgerTable
  readonly sequencer: Pick<Intake, 'append'>
  readonly admission: Pick<Admission, 'ownRefusal'>
  readonly createLedger: (name: string) => Promise<LedgerInfo>
  readonly metrics: Pick<Metrics, 'countAccessRecord'>
  /** ms since 1970. */
  readonly now: () => number
}

interface Counted {
  readonly access: Access
  readonly until: number
  repeats: number
}

export class AccessLog {
  readonly #deps: AccessLogDeps
  readonly #recordsReads: boolean
  readonly #counted = new Map<string, Counted>()
  readonly #creating = new Map<string, Promise<LedgerView>>()
  readonly #timer: NodeJS.Timeout

  constructor(deps: AccessLogDeps, recordsReads: boolean) {
    this.#deps = deps
    this.#recordsReads = recordsReads
    // What cannot be recorded now is counted on and tried again.
    this.#timer = setInterval(() => void this.#recordRepeats(deps.now()).catch(() => undefined), SWEEP_MS)
    this.#timer.unref()
  }

  /** Recent reads whose repeats are counted. */
  get counted(): number {
    return this.#counted.size
  }

  /** Resolves when the read is recorded; rejects, retryable, when that cannot be done now. */
  async read(access: Access): Promise<void> {
    if (this.#recordsReads) await this.#recordOnce(access)
  }

  /** As a read, for a stated reason that is part of what is asked; recorded whatever the settings say of reads. */
  unmask(access: Access): Promise<void> {
    return this.#recordOnce(access)
  }

  /** Resolves when a refusal is recorded. */
  denied(access: Access, more: { readonly repeats?: number }): Promise<void> {
    return this.#record(access, more, 'denied')
  }

  async #recordOnce(access: Access): Promise<void> {
    const key = JSON.stringify([access.ledger, access.caller.id, access.action, access.target, access.asked])
    const counted = this.#counted.get(key)
    const now = this.#deps.now()
    if (counted && now < counted.until) {
      counted.repeats++
      return
    }
    if (counted) {
      this.#counted.delete(key)
      await this.#recordRepeatsOf(counted)
    }
    if (this.#counted.size < COUNTED_MAX)
      this.#counted.set(key, { access, until: now + REPEATS_MS, repeats: 0 })
    try {
      await this.#record(access, {})
    } catch (error) {
      this.#counted.delete(key)
      throw error
    }
  }

  /** Resolves when a change of keys or ledgers is recorded. */
  change(access: Access): Promise<void> {
    return this.#record(access, {})
  }

  /** Records what is still only counted. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#recordRepeats(Infinity)
  }

  async #recordRepeats(now: number): Promise<void> {
    for (const [key, counted] of this.#counted) {
      if (now < counted.until) continue
      await this.#recordRepeatsOf(counted)
      this.#counted.delete(key)
    }
  }

  async #recordRepeatsOf({ access, repeats }: Counted): Promise<void> {
    if (repeats > 0) await this.#record(access, { repeats })
  }

  async #record(
    access: Access,
    more: Readonly<Record<string, unknown>>,
    outcome: 'success' | 'denied' = 'success',
  ): Promise<void> {
    let isRecorded = false
    try {
      await this.#append(access, more, outcome)
      isRecorded = true
    } finally {
      this.#deps.metrics.countAccessRecord(isRecorded)
    }
  }

  async #append(
    access: Access,
    more: Readonly<Record<string, unknown>>,
    outcome: 'success' | 'denied',
  ): Promise<void> {
    const refusal = this.#deps.admission.ownRefusal()
    if (refusal) throw refusal
    const { ledger, caller, action, ip, requestId, target, asked } = access
    const { info } = await this.#companionOf(ledger)
    if (info.state.kind === 'blocked')
      throw new TrailproofError('OVERLOADED', info.state.reason, { retryable: true })
    const record = accessRecord({
      action: `access.${action}`,
      outcome,
      actor: { id: caller.id, name: caller.name },
      ip,
      requestId,
      ledger,
      target,
      metadata: { asked: shortened(asked), ...more },
      at: this.#deps.now() * 1000,
    })
    await this.#deps.sequencer.append(info.name, packRecords([record]))
  }

  /** Made when the first read is to be recorded. */
  #companionOf(ledger: string): Promise<LedgerView> {
    const { ledgers, createLedger } = this.#deps
    const name = accessLedgerOf(ledger)
    const known = ledgers.writable(name)
    if (known) return Promise.resolve(known)
    let creating = this.#creating.get(name)
    if (!creating) {
      creating = createLedger(name)
        .then((info) => ledgers.add(info))
        .finally(() => this.#creating.delete(name))
      this.#creating.set(name, creating)
    }
    return creating
  }
}

/** Texts cut, and such that they can be recorded: what was asked may hold half a character. */
function shortened(asked: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const kept = Object.entries(asked)
    .slice(0, NAMES_MAX)
    .map(([name, value]) => [cut(name, NAME_MAX), value])
  return JSON.parse(
    JSON.stringify(Object.fromEntries(kept), (_, value: unknown) =>
      typeof value === 'string' ? cut(value, TEXT_MAX) : value,
    ),
  ) as Record<string, unknown>
}

function cut(text: string, max: number): string {
  return (text.length > max ? `${text.slice(0, max)}…` : text).toWellFormed()
}
