/** Judges entries one after another: leaf, time, id, content, and what erasures and key changes they declare. */

import type { GroupName, Leaf, Sha256 } from '@trailproof/core'
import { commitmentHasher, decodeLeaf, encodeUuid } from '@trailproof/core'
import {
  coverErased,
  ERASURE_ACTION,
  type Erasure,
  PREDECESSOR_ERASURE_ACTION,
  parseErasure,
  parsePredecessorErasure,
} from './erasures.ts'
import type { EvidenceEntry, EvidenceGroup } from './evidence.ts'
import { checkGroup } from './group-check.ts'
import type { LedgerKeys } from './ledger-keys.ts'
import { KEY_CHANGE_ACTION } from './ledger-keys.ts'
import { RecordedOrder } from './recorded-order.ts'
import type { RepeatedIds } from './repeated-ids.ts'
import type { ErasedRange, Findings, IndexRange, Unproven } from './report.ts'
import { IndexRuns } from './report.ts'
import {
  type Head,
  parseSuccession,
  type SaidOfOthers,
  SUCCESSION_ACTION,
  type SuccessorsWord,
} from './successors.ts'

type Fields = Readonly<Record<string, unknown>>

export class EntryCheck {
  readonly #commit: ReturnType<typeof commitmentHasher>
  readonly #origin: string
  readonly #findings: Pick<Findings, 'add' | 'addAltered'>
  readonly #ids: Pick<RepeatedIds, 'note'>
  readonly #keys: LedgerKeys
  /** Of whose personal group nothing is left, but of the core group. */
  readonly #erased = new IndexRuns()
  /** Of whose core group nothing is left. */
  readonly #destroyed = new IndexRuns()
  readonly #withheld = { core: new IndexRuns(), personal: new IndexRuns() }
  readonly #erasures: Erasure[] = []
  readonly #ofPredecessors: SaidOfOthers['erasures'][number][] = []
  #predecessor: Head | undefined
  /** An entry that says something of other ledgers cannot be read. */
  #hidesSaid = false
  /** The last entry that may be an erasure we cannot read: what it covers stays open. */
  #lastHiddenErasure = -1
  readonly order = new RecordedOrder()

  constructor(
    sha256: Sha256,
    origin: string,
    findings: Pick<Findings, 'add' | 'addAltered'>,
    ids: Pick<RepeatedIds, 'note'>,
    keys: LedgerKeys,
  ) {
    this.#commit = commitmentHasher(sha256)
    this.#origin = origin
    this.#findings = findings
    this.#ids = ids
    this.#keys = keys
  }

  /** Entries must come in order of their index. Gives the leaf, if it is one. */
  check(index: number, entry: EvidenceEntry): Leaf | undefined {
    const leaf = this.#leaf(index, entry)
    if (leaf === undefined) return undefined
    if (this.order.isBehind(index, leaf.recordedAtUs))
      this.#findings.add(index, 'recorded_at', 'recorded_at is before that of an earlier entry')
    this.#ids.note(leaf.id)
    this.#content(index, entry, leaf)
    return leaf
  }

  /** An entry that stands apart from the others, wherever it is in the ledger: its order is not judged. */
  checkApart(index: number, entry: EvidenceEntry): Leaf | undefined {
    const leaf = this.#leaf(index, entry)
    if (leaf !== undefined) this.#content(index, entry, leaf)
    return leaf
  }

  #leaf(index: number, entry: EvidenceEntry): Leaf | undefined {
    const leaf = decodeLeaf(entry.leaf)
    if (leaf.kind === 'leaf') return leaf
    this.#findings.addAltered(index, 'leaf', leaf.problem)
    return undefined
  }

  #content(index: number, entry: EvidenceEntry, leaf: Leaf): void {
    const core = this.#group(index, 'core', leaf.core, entry.core)
    const personal = this.#group(index, 'personal', leaf.personal, entry.personal)
    if (entry.core.kind === 'erased') {
      if (entry.personal.kind === 'present')
        this.#findings.add(index, 'erasure', 'the core group is erased, and the personal group is not')
      this.#destroyed.add(index)
    }
    if (core !== undefined && core['id'] !== encodeUuid(leaf.id))
      this.#findings.addAltered(index, 'id', 'the id in the core group is not the one in the leaf')
    const action = core?.['action']
    if (typeof action === 'string' && LASTING.has(action))
      this.#system(index, action, entry.personal, personal)
    else if (entry.personal.kind === 'erased' && entry.core.kind !== 'erased') this.#erased.add(index)
    if (entry.core.kind === 'withheld') this.#lastHiddenErasure = index
  }

  /** Whether something is gone that no erasure of this ledger accounts for. */
  get isShortOfErasures(): boolean {
    return this.#cover([]).uncovered.length > 0
  }

  /** What the entries say of ledgers that this one has succeeded. */
  get said(): SaidOfOthers {
    const isWhole = this.#withheld.core.ranges.length === 0 && !this.#hidesSaid
    return { predecessor: this.#predecessor, erasures: this.#ofPredecessors, isWhole }
  }

  /** Call once, after the last entry. `readTo` is where reading ended, `size` where the ledger does. */
  finish(
    readTo: number,
    size: number,
    { erasures, doubt }: SuccessorsWord = { erasures: [] },
  ): { erased: readonly ErasedRange[]; unproven: Unproven[] } {
    const unproven: Unproven[] = []
    for (const name of ['core', 'personal'] as const)
      for (const { from, to } of this.#withheld[name].ranges)
        unproven.push({ what: name, from, to, detail: `the ${name} groups are withheld` })
    const hidden = readTo < size ? size : this.#lastHiddenErasure
    const { covered, uncovered } = this.#cover(erasures)
    for (const { from, to } of uncovered) {
      const detail = from < hidden ? 'what erased these is withheld or could not be read' : doubt
      if (detail !== undefined) unproven.push({ what: 'erasures', from, to, detail })
      else this.#findings.add(from, 'erasure', `erased up to ${to - 1}, and no erasure entry says so`)
    }
    return { erased: covered, unproven }
  }

  /** By the erasures of this ledger, and by `others`. */
  #cover(others: readonly Erasure[]): {
    readonly covered: readonly ErasedRange[]
    readonly uncovered: readonly IndexRange[]
  } {
    const erasures = [...this.#erasures, ...others]
    const personal = coverErased(this.#erased.ranges, erasures)
    const ofBoth = erasures.filter(({ isOfBoth }) => isOfBoth)
    const whole = coverErased(this.#destroyed.ranges, ofBoth)
    const destroyed = whole.covered.map((range) => ({ ...range, isWhole: true as const }))
    return {
      covered: [...personal.covered, ...destroyed].toSorted((a, b) => a.from - b.from),
      uncovered: [...personal.uncovered, ...whole.uncovered],
    }
  }

  #group(index: number, name: GroupName, committed: Uint8Array, group: EvidenceGroup): Fields | undefined {
    if (group.kind === 'withheld') this.#withheld[name].add(index)
    if (group.kind !== 'present') return undefined
    const checked = checkGroup(this.#commit, name, committed, group)
    if (checked.kind === 'group') return checked.fields
    this.#findings.addAltered(index, checked.step, checked.problem)
    return undefined
  }

  #system(index: number, action: string, personal: EvidenceGroup, fields: Fields | undefined): void {
    if (personal.kind === 'erased')
      this.#findings.add(index, 'erasure', `the entry is a ${action}, which can never be erased`)
    if (personal.kind === 'withheld') {
      if (action === SUCCESSION_ACTION || action === PREDECESSOR_ERASURE_ACTION) this.#hidesSaid = true
      else this.#lastHiddenErasure = index
    }
    if (fields === undefined) return
    const metadata = fields['metadata']
    switch (action) {
      case KEY_CHANGE_ACTION:
        return this.#keys.note(index, this.#origin, metadata)
      case SUCCESSION_ACTION:
        if (index === 0) this.#predecessor = parseSuccession(metadata)
        return
      case PREDECESSOR_ERASURE_ACTION: {
        const parsed = parsePredecessorErasure(index, metadata)
        if (parsed !== undefined) this.#ofPredecessors.push(parsed)
        return
      }
      default: {
        const erasure = parseErasure(index, metadata)
        if (erasure !== undefined) this.#erasures.push(erasure)
      }
    }
  }
}

/** Actions of entries that count only as long as they can be read. */
const LASTING: ReadonlySet<string> = new Set([
  ERASURE_ACTION,
  PREDECESSOR_ERASURE_ACTION,
  KEY_CHANGE_ACTION,
  SUCCESSION_ACTION,
])
