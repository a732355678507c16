import { readCheckpoint, signCheckpoint } from '@trailproof/core'
import { describe, expect, test } from 'vitest'
import {
  log,
  SampleLedger,
  sampleEntry,
  sha256,
  signer,
  verifyEd25519,
} from '../../../test/ledger-vectors/sample-ledger.ts'
import type { SuccessorEvidence, VerifyLedgerOptions } from './index.ts'
import { verifyLedger } from './index.ts'

type Special = readonly [number, NonNullable<Parameters<typeof sampleEntry>[1]>]

const why = { authority: 'dpo@example.com', reason: 'GDPR article 17' }
const erased = (ledger: string, ranges: unknown, more = {}) => ({
  action: 'trailproof.erasure_of_predecessor',
  metadata: { ledger, ranges, group: 'personal', ...why, ...more },
})

/** What is found of a ledger when it is succeeded. */
function foundOf(ledger: SampleLedger): string {
  return ledger.note.slice(0, ledger.note.indexOf('\n\n') + 1)
}

function successionOf(ledger: SampleLedger, predecessor = foundOf(ledger).split('\n')[0]!.split('/').at(-1)) {
  const metadata = {
    predecessor,
    locked_checkpoint: ledger.note,
    restored_checkpoint: foundOf(ledger),
    reason: 'restored',
  }
  return { action: 'trailproof.succession', metadata }
}

/** A ledger of another name under a key of its own; its entry 0 is as given. */
class OtherLedger extends SampleLedger {
  readonly #name: string

  constructor(name: string, first: object, ...special: Special[]) {
    super(20, [0, first], ...special)
    this.#name = `trailproof.invalid/7f3a/${name}`
    this.note = this.signed(this.#name)
  }

  signed(name: string): string {
    const head = readCheckpoint(this.note)
    if (head.kind !== 'checkpoint') throw new Error(head.problem)
    return signCheckpoint({ origin: name, size: head.size, root: head.root }, [signer(name, 7)])
  }

  get evidence(): SuccessorEvidence {
    return { source: this, verifierKeys: [signer(this.#name, 7).key] }
  }
}

const verify = (
  ledger: SampleLedger,
  successors: readonly SuccessorEvidence[],
  options: Partial<VerifyLedgerOptions> = {},
) =>
  verifyLedger(ledger, {
    verifierKeys: [log.key],
    sha256,
    verifyEd25519,
    successors: async () => successors,
    ...options,
  })

const BROKEN = { verdict: 'broken', firstBad: { index: 3, step: 'erasure' } }

/** A closed ledger of which entries 3 to 5 are erased. */
function closedLedger(): SampleLedger {
  const ledger = new SampleLedger(300)
  ledger.erase(3, 6)
  return ledger
}

test('what a successor has erased is erased, by which ledger’s entry', async () => {
  const main = closedLedger()
  const next = new OtherLedger('main-2', successionOf(main), [7, erased('main', [[3, 6]], { subject: 'h1' })])
  const report = await verify(main, [next.evidence])
  expect(report).toMatchObject({ verdict: 'erased', badCount: 0, unproven: [] })
  expect(report.erased).toEqual([{ from: 3, to: 6, erasedBy: 7, ledger: 'main-2', ...why, subject: 'h1' }])
  expect(await verifyLedger(next, { ...next.evidence, sha256, verifyEd25519 })).toMatchObject({
    verdict: 'intact',
  })
  main.erase(6, 7)
  expect(await verify(main, [next.evidence])).toMatchObject({ verdict: 'broken', firstBad: { index: 6 } })
})

test('beside what the ledger erased itself, and of both groups only what says so', async () => {
  const own = { action: 'trailproof.erasure', metadata: { ranges: [[0, 2]], group: 'personal', ...why } }
  const main = new SampleLedger(40, [30, own])
  main.erase(0, 2)
  main.destroy(8, 10)
  const personal = new OtherLedger('main-2', successionOf(main), [7, erased('main', [[8, 10]])])
  expect(await verify(main, [personal.evidence])).toMatchObject({ verdict: 'broken', firstBad: { index: 8 } })
  const more = { group: 'both', rule: 'short' }
  const both = new OtherLedger('main-2', successionOf(main), [7, erased('main', [[8, 10]], more)])
  expect((await verify(main, [both.evidence])).erased).toMatchObject([
    { from: 0, to: 2, erasedBy: 30 },
    { from: 8, to: 10, erasedBy: 7, ledger: 'main-2', isWhole: true, rule: 'short' },
  ])
})

test('successors are followed to the last one', async () => {
  const main = closedLedger()
  const second = new OtherLedger('main-2', successionOf(main))
  const third = new OtherLedger('main-3', successionOf(second), [5, erased('main', [[0, 10]])])
  expect((await verify(main, [second.evidence, third.evidence])).erased).toMatchObject([
    { from: 3, to: 6, erasedBy: 5, ledger: 'main-3' },
  ])
  // Without the one in between nothing ties it to this ledger.
  expect(await verify(main, [third.evidence])).toMatchObject(BROKEN)
})

test('what is gone from a successor may be said by those after it', async () => {
  const main = closedLedger()
  const second = new OtherLedger('main-2', successionOf(main), [7, erased('main', [[3, 6]])])
  const third = new OtherLedger('main-3', successionOf(second), [5, erased('main-2', [[10, 12]])])
  second.erase(10, 12)
  const both = [second.evidence, third.evidence]
  expect((await verify(main, both)).erased).toMatchObject([{ from: 3, to: 6, ledger: 'main-2' }])
  // Of what nobody says, the one in between is broken, and says nothing of others.
  second.erase(14, 15)
  expect(await verify(main, both)).toMatchObject(BROKEN)
})

test('a successor erases nothing that it has not found', async () => {
  const main = closedLedger()
  const empty = new SampleLedger(0)
  const found = foundOf(main).split('\n')[0]! + foundOf(empty).slice(foundOf(empty).indexOf('\n'))
  const metadata = { ...successionOf(main).metadata, restored_checkpoint: found }
  const next = new OtherLedger('main-2', { action: 'trailproof.succession', metadata }, [
    7,
    erased('main', [[0, 300]]),
  ])
  expect(await verify(main, [next.evidence])).toMatchObject(BROKEN)
})

test('a successor is not asked for where nothing is missing', async () => {
  const main = new SampleLedger(20)
  expect(await verify(main, [], { successors: away })).toMatchObject({ verdict: 'intact' })
})

test('entries that no signature of the closed ledger covers do not keep its successor from being known', async () => {
  const main = closedLedger()
  const signed = main.note
  main.append([sampleEntry(300), sampleEntry(301)])
  const next = new OtherLedger('main-2', successionOf(main), [7, erased('main', [[3, 6]])])
  main.note = signed
  expect(await verify(main, [next.evidence])).toMatchObject({ verdict: 'erased', size: 300 })
})

describe('covers nothing', () => {
  const word: Special = [7, erased('main', [[3, 6]])]
  const none = { action: 'payment.created' }
  const other = new SampleLedger(12, [2, { action: 'order.placed' }])
  const shorter = new SampleLedger(299)
  test.each<[string, (main: SampleLedger) => OtherLedger]>([
    ['a ledger that succeeded none', () => new OtherLedger('main-2', none, word)],
    [
      'one that succeeded another tree of that name',
      () => new OtherLedger('main-2', successionOf(other), word),
    ],
    [
      'one that names another ledger',
      (main) => new OtherLedger('main-2', successionOf(main, 'orders'), word),
    ],
    [
      'one that erased from another ledger',
      (main) => new OtherLedger('main-2', successionOf(main), [7, erased('orders', [[3, 6]])]),
    ],
    [
      'one that says it of itself',
      (main) =>
        new OtherLedger('main-2', successionOf(main), [
          7,
          { ...erased('main', [[3, 6]]), action: 'trailproof.erasure' },
        ]),
    ],
    [
      'one whose erasure is malformed',
      (main) => new OtherLedger('main-2', successionOf(main), [7, erased('main', [[6, 3]])]),
    ],
    [
      'one that names its predecessor later on',
      (main) => new OtherLedger('main-2', none, word, [8, successionOf(main)]),
    ],
    [
      'one that is broken itself',
      (main) => {
        const ledger = new OtherLedger('main-2', successionOf(main), word)
        ledger.entries[4] = sampleEntry(99)
        return ledger
      },
    ],
  ])('%s', async (_, make) => {
    const main = closedLedger()
    expect(await verify(main, [make(main).evidence])).toMatchObject(BROKEN)
  })

  test('one that found another origin', async () => {
    const main = closedLedger()
    const elsewhere = main.note.replace('7f3a', '7f3b')
    const first = {
      action: 'trailproof.succession',
      metadata: {
        predecessor: 'main',
        restored_checkpoint: elsewhere.slice(0, elsewhere.indexOf('\n\n') + 1),
      },
    }
    expect(await verify(main, [new OtherLedger('main-2', first, word).evidence])).toMatchObject(BROKEN)
  })

  test('one that found less is its successor all the same', async () => {
    const main = closedLedger()
    const next = new OtherLedger('main-2', successionOf(shorter), word)
    expect(await verify(main, [next.evidence])).toMatchObject({ verdict: 'erased' })
  })

  test('an erasure of a predecessor, in its own ledger', async () => {
    const main = new SampleLedger(20, [10, erased('main', [[3, 6]])])
    main.erase(3, 6)
    expect(await verify(main, [])).toMatchObject(BROKEN)
  })

  test('an erasure of the own ledger that names one', async () => {
    const metadata = { ledger: 'main', ranges: [[3, 6]], group: 'personal', ...why }
    const main = new SampleLedger(20, [10, { action: 'trailproof.erasure', metadata }])
    main.erase(3, 6)
    expect(await verify(main, [])).toMatchObject(BROKEN)
  })
})

const away = () => Promise.reject(new Error('away'))

/** A closed ledger, and the successor that says what was erased of it. */
const succeededLedger = () => {
  const main = closedLedger()
  return { main, next: new OtherLedger('main-2', successionOf(main), [7, erased('main', [[3, 6]])]) }
}

describe('is unproven', () => {
  test('while nobody’s word is behind the successor', async () => {
    const { main, next } = succeededLedger()
    const report = await verify(main, [{ source: next, verifierKeys: [] }])
    expect(report).toMatchObject({
      verdict: 'unproven',
      badCount: 0,
      unproven: [{ what: 'erasures', from: 3, to: 6 }],
    })
  })

  test('while the successor cannot be read, or is withheld', async () => {
    const { main, next } = succeededLedger()
    const silent = {
      ...next.evidence,
      source: Object.assign(Object.create(next) as OtherLedger, {
        checkpoint: away,
      }),
    }
    expect(await verify(main, [silent])).toMatchObject({ verdict: 'unproven', badCount: 0 })
    expect(await verify(main, [], { successors: away })).toMatchObject({
      verdict: 'unproven',
    })
    next.withhold(7, 'personal')
    expect(await verify(main, [next.evidence])).toMatchObject({ verdict: 'unproven', badCount: 0 })
    next.withhold(0, 'personal')
    expect(await verify(main, [next.evidence])).toMatchObject({ verdict: 'unproven', badCount: 0 })
  })
})

test('what a successor says of others can never be erased', async () => {
  const main = closedLedger()
  for (const index of [0, 7]) {
    const next = new OtherLedger('main-2', successionOf(main), [7, erased('main', [[3, 6]])])
    next.erase(index, index + 1)
    const report = await verifyLedger(next, { ...next.evidence, sha256, verifyEd25519 })
    expect(report).toMatchObject({ verdict: 'broken', firstBad: { index, step: 'erasure' } })
    expect(await verify(main, [next.evidence])).toMatchObject(BROKEN)
  }
})
