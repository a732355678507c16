import { encodeUtf8, formatVerifierKey, leafHash, signKeyChange } from '@trailproof/core'
import { expect, test } from 'vitest'
import {
  log,
  nextLog,
  origin,
  SampleLedger,
  sampleEntry,
  sha256,
  signer,
  verifyEd25519,
} from '../../../test/ledger-vectors/sample-ledger.ts'
import type { EvidenceSource, VerifyLedgerOptions } from './index.ts'
import { verifyLedger } from './index.ts'

const verify = (source: EvidenceSource, options: Partial<VerifyLedgerOptions> = {}) =>
  verifyLedger(source, { verifierKeys: [log.key], sha256, verifyEd25519, ...options })

const erasure = (ranges: unknown, more = {}) => ({
  action: 'trailproof.erasure',
  metadata: { ranges, group: 'personal', authority: 'dpo@example.com', reason: 'GDPR article 17', ...more },
})

test.each([0, 1, 2, 255, 256, 257, 700, 1500])('an honest ledger of %d entries is intact', async (size) => {
  const ledger = new SampleLedger(size)
  const remembered = [ledger.note]
  ledger.append([sampleEntry(size)])
  const report = await verify(ledger, { remembered, origin })
  expect(report).toMatchObject({
    verdict: 'intact',
    size: size + 1,
    checked: { from: 0, to: size + 1 },
    badCount: 0,
    unproven: [],
  })
})

test('is intact from any index on', async () => {
  const ledger = new SampleLedger(300)
  const remembered = [ledger.note]
  ledger.append(Array.from({ length: 400 }, (_, i) => sampleEntry(300 + i)))
  for (const from of [1, 255, 256, 300, 301, 512, 700, 9999])
    expect(await verify(ledger, { from, remembered })).toMatchObject({ verdict: 'intact' })
})

const flip = (bytes: Uint8Array, at: number) => bytes.with(at, bytes[at]! ^ 1)

test.each<[string, (ledger: SampleLedger) => void, number, string]>([
  [
    'a byte of core content',
    (l) => {
      const entry = l.entries[300]!
      const core =
        entry.core.kind === 'present' ? { ...entry.core, bytes: flip(entry.core.bytes, 5) } : entry.core
      l.entries[300] = { ...entry, core }
    },
    300,
    'commitment',
  ],
  [
    'a salt',
    (l) => {
      const entry = l.entries[7]!
      const personal =
        entry.personal.kind === 'present'
          ? { ...entry.personal, salt: flip(entry.personal.salt, 0) }
          : entry.personal
      l.entries[7] = { ...entry, personal }
    },
    7,
    'commitment',
  ],
  [
    'a leaf byte',
    (l) => (l.entries[300] = { ...l.entries[300]!, leaf: flip(l.entries[300]!.leaf, 60) }),
    300,
    'leaf',
  ],
  [
    'a leaf’s length',
    (l) => (l.entries[300] = { ...l.entries[300]!, leaf: new Uint8Array(88) }),
    300,
    'leaf',
  ],
  ['a tile', (l) => l.tiles.set('0/1', flip(l.tiles.get('0/1')!, 33)), 257, 'tile'],
  ['an upper tile', (l) => l.tiles.set('1/0', flip(l.tiles.get('1/0')!, 40)), 256, 'tile'],
  ['a missing tile', (l) => l.tiles.delete('0/0'), 0, 'tile'],
  ['a cut tile', (l) => l.tiles.set('0/2', l.tiles.get('0/2')!.slice(0, 70)), 514, 'tile'],
  ['a dropped entry', (l) => l.entries.splice(400, 1), 400, 'leaf'],
  [
    'swapped entries',
    (l) => ([l.entries[20], l.entries[500]] = [l.entries[500]!, l.entries[20]!]),
    20,
    'leaf',
  ],
  ['an inserted entry', (l) => l.entries.splice(100, 0, sampleEntry(9000)), 100, 'leaf'],
  ['dropped newest entries', (l) => l.entries.splice(590), 590, 'missing'],
  [
    'an erased core group',
    (l) => (l.entries[5] = { ...l.entries[5]!, core: { kind: 'erased' } }),
    5,
    'erasure',
  ],
  ['an unexplained erasure', (l) => l.erase(40, 45), 40, 'erasure'],
  ['a flipped signature', (l) => (l.note = l.note.replace(/.{8}\n$/u, 'AAAAAAA=\n')), 0, 'checkpoint'],
  ['nonsense for a checkpoint', (l) => (l.note = '\0'), 0, 'checkpoint'],
  ['another key’s signature', (l) => l.sign([nextLog]), 0, 'checkpoint'],
])('names %s', async (_, damage, index, step) => {
  const ledger = new SampleLedger(600)
  damage(ledger)
  expect(await verify(ledger)).toMatchObject({ verdict: 'broken', firstBad: { index, step } })
})

/** As a data directory shows it: hashes of leaves are not stored, so tiles of level 0 follow the leaves. */
class StoredLedger extends SampleLedger {
  override async readTile(level: number, index: number, width = 256): Promise<Uint8Array> {
    if (level > 0) return super.readTile(level, index)
    const leaves = this.entries.slice(index * 256, index * 256 + width)
    return Uint8Array.from(leaves.flatMap(({ leaf }) => [...leafHash(sha256, leaf)]))
  }
}

const ID = 3
const HIGH_TIME = 19
const LOW_TIME = 24
const PERSONAL_COMMITMENT = 60

function flipLeaf(ledger: SampleLedger, index: number, at: number): void {
  const entry = ledger.entries[index]!
  ledger.entries[index] = { ...entry, leaf: flip(entry.leaf, at) }
}

function flipSalt(ledger: SampleLedger, index: number): void {
  const entry = ledger.entries[index]!
  if (entry.personal.kind !== 'present') throw new Error('erased')
  ledger.entries[index] = { ...entry, personal: { ...entry.personal, salt: flip(entry.personal.salt, 0) } }
}

function swap({ entries }: SampleLedger, a: number, b: number): void {
  ;[entries[a], entries[b]] = [entries[b]!, entries[a]!]
}

test.each<[string, (ledger: SampleLedger) => void, number, string]>([
  ['a commitment', (l) => flipLeaf(l, 300, PERSONAL_COMMITMENT), 300, 'commitment'],
  ['a commitment no full tile covers', (l) => flipLeaf(l, 550, PERSONAL_COMMITMENT), 550, 'commitment'],
  ['a leaf’s version', (l) => flipLeaf(l, 300, 0), 300, 'leaf'],
  ['a leaf’s id', (l) => flipLeaf(l, 300, ID), 300, 'id'],
  ['a time far ahead', (l) => flipLeaf(l, 300, HIGH_TIME), 300, 'recorded_at'],
  // Nothing but the tree is at odds with a time that changed within its order: a tile says where to look.
  ['a time in its order', (l) => flipLeaf(l, 300, LOW_TIME), 256, 'tile'],
  ['a time in its order no full tile covers', (l) => flipLeaf(l, 550, LOW_TIME), 0, 'root'],
  ['swapped entries', (l) => swap(l, 20, 500), 20, 'recorded_at'],
  ['swapped blocks', (l) => l.entries.unshift(...l.entries.splice(256, 256)), 0, 'recorded_at'],
  ['an inserted entry', (l) => l.entries.splice(100, 0, sampleEntry(9000)), 100, 'recorded_at'],
  ['a time far behind', (l) => (l.entries[300] = sampleEntry(300, { recordedAtUs: 1 })), 300, 'recorded_at'],
  [
    'a time far behind no full tile covers',
    (l) => (l.entries[550] = sampleEntry(550, { recordedAtUs: 1 })),
    550,
    'recorded_at',
  ],
  ['a removed entry', (l) => l.entries.splice(400, 1), 256, 'tile'],
  ['content before a leaf', (l) => (flipSalt(l, 299), flipLeaf(l, 300, ID)), 299, 'commitment'],
  ['content far before a leaf', (l) => (flipSalt(l, 9), flipLeaf(l, 300, LOW_TIME)), 9, 'commitment'],
  ['content after a leaf', (l) => (flipSalt(l, 599), flipLeaf(l, 300, LOW_TIME)), 256, 'tile'],
  ['a missing tile and a leaf', (l) => (l.tiles.delete('1/0'), flipLeaf(l, 300, ID)), 0, 'tile'],
  ['a tile', (l) => l.tiles.set('1/0', flip(l.tiles.get('1/0')!, 40)), 256, 'tile'],
  ['dropped newest entries', (l) => l.entries.splice(590), 590, 'missing'],
])('names %s where tiles follow the leaves', async (_, damage, index, step) => {
  const ledger = new StoredLedger(600)
  damage(ledger)
  const firstBad = { index, step }
  expect(await verify(ledger)).toMatchObject({ verdict: 'broken', firstBad })
  const remembered = [new SampleLedger(600).note]
  if (step !== 'missing')
    expect(await verify(ledger, { remembered })).toMatchObject({ verdict: 'broken', firstBad })
})

test('of tiles at several levels, the lowest names the altered leaf', async () => {
  const ledger = new StoredLedger(66_000)
  flipLeaf(ledger, 1000, LOW_TIME)
  expect(await verify(ledger)).toMatchObject({ firstBad: { index: 768, step: 'tile' }, badCount: 1 })
  flipLeaf(ledger, 1000, PERSONAL_COMMITMENT)
  expect(await verify(ledger)).toMatchObject({ firstBad: { index: 1000, step: 'commitment' }, badCount: 1 })
})

test('an altered leaf is named before the remembered checkpoints it contradicts', async () => {
  const ledger = new StoredLedger(200)
  const remembered = [ledger.note]
  for (const size of [300, 500]) {
    ledger.append(
      Array.from({ length: size - ledger.entries.length }, (_, i) => sampleEntry(ledger.entries.length + i)),
    )
    remembered.push(ledger.note)
  }
  ledger.append(Array.from({ length: 100 }, (_, i) => sampleEntry(500 + i)))
  expect(await verify(ledger, { remembered })).toMatchObject({ verdict: 'intact' })
  flipLeaf(ledger, 260, PERSONAL_COMMITMENT)
  expect(await verify(ledger, { remembered })).toMatchObject({
    firstBad: { index: 260, step: 'commitment' },
    badCount: 1,
  })
  flipLeaf(ledger, 260, PERSONAL_COMMITMENT)
  flipLeaf(ledger, 550, LOW_TIME)
  expect(await verify(ledger, { remembered })).toMatchObject({
    firstBad: { index: 500, step: 'root' },
    badCount: 1,
  })
})

test('damaged content does not account for another history', async () => {
  const rewritten = new StoredLedger(600, [350, { action: 'payment.deleted' }])
  flipSalt(rewritten, 390)
  const remembered = [new SampleLedger(600).note, new SampleLedger(300).note]
  expect(await verify(rewritten, { remembered })).toMatchObject({
    firstBad: { index: 300, step: 'remembered' },
    badCount: 2,
  })
})

test.each<[string, (l: SampleLedger) => void]>([
  ['swapped', (l) => swap(l, 310, 320)],
  ['removed', (l) => l.entries.splice(310, 1)],
])('entries %s in the middle and signed again are found by what is remembered', async (_, damage) => {
  const damaged = new SampleLedger(600)
  damage(damaged)
  const resigned = new SampleLedger(0)
  resigned.append(damaged.entries)
  const remembered = [300, 400, 600].map((size) => new SampleLedger(size).note)
  expect(await verify(resigned, { remembered })).toMatchObject({
    verdict: 'broken',
    firstBad: { index: 300, step: 'remembered' },
  })
})

test.each<[string, SampleLedger, number, string]>([
  ['a time that goes back', new SampleLedger(9, [5, { recordedAtUs: 1 }]), 5, 'recorded_at'],
  ['an id twice', new SampleLedger(600, [550, { idOf: 3 }]), 550, 'id'],
])('names %s, though the tree is sound', async (_, ledger, index, step) => {
  expect(await verify(ledger)).toMatchObject({ verdict: 'broken', firstBad: { index, step } })
})

test('a rewritten and re-signed history is named by what others remember', async () => {
  const honest = new SampleLedger(300)
  const early = honest.note
  honest.append(Array.from({ length: 100 }, (_, i) => sampleEntry(300 + i)))
  const rewritten = new SampleLedger(500, [350, { action: 'payment.deleted' }])
  expect(await verify(rewritten)).toMatchObject({ verdict: 'intact' })
  expect(await verify(rewritten, { remembered: [honest.note, early] })).toMatchObject({
    verdict: 'broken',
    firstBad: { index: 300, step: 'remembered' },
  })
  expect(await verify(new SampleLedger(380), { remembered: [honest.note] })).toMatchObject({
    firstBad: { index: 380, step: 'remembered', detail: 'the newest 20 entries are missing' },
  })
  expect(await verify(rewritten, { remembered: [honest.note], from: 450 })).toMatchObject({
    verdict: 'broken',
  })
})

test('a remembered checkpoint nobody signed convicts nobody', async () => {
  const forged = new SampleLedger(9, [3, { action: 'a.b' }])
  forged.sign([nextLog])
  expect(await verify(new SampleLedger(9), { remembered: [forged.note, 'x'] })).toMatchObject({
    verdict: 'unproven',
    badCount: 0,
  })
})

test('an erasure entry accounts for what it names and for nothing else', async () => {
  const ledger = new SampleLedger(
    600,
    [
      500,
      erasure(
        [
          [10, 20],
          [300, 999],
        ],
        { subject: 'h1' },
      ),
    ],
    [520, erasure([[15, 30]])],
  )
  ledger.erase(10, 30)
  const report = await verify(ledger)
  expect(report.verdict).toBe('erased')
  expect(report.erased).toEqual([
    {
      from: 10,
      to: 20,
      erasedBy: 500,
      authority: 'dpo@example.com',
      reason: 'GDPR article 17',
      subject: 'h1',
    },
    { from: 20, to: 30, erasedBy: 520, authority: 'dpo@example.com', reason: 'GDPR article 17' },
  ])
  ledger.erase(30, 31)
  expect(await verify(ledger)).toMatchObject({ verdict: 'broken', firstBad: { index: 30, step: 'erasure' } })
})

test('an entry of which nothing is left is accounted for by an erasure of both groups alone', async () => {
  const ledger = new SampleLedger(
    40,
    [20, erasure([[0, 9]], { group: 'both', rule: 'short' })],
    [30, erasure([[3, 12]])],
  )
  ledger.destroy(0, 5)
  ledger.erase(5, 12)
  const report = await verify(ledger)
  expect(report.verdict).toBe('erased')
  const why = { authority: 'dpo@example.com', reason: 'GDPR article 17' }
  expect(report.erased).toEqual([
    { from: 0, to: 5, erasedBy: 20, ...why, isWhole: true, rule: 'short' },
    { from: 5, to: 12, erasedBy: 30, ...why },
  ])
  ledger.destroy(10, 11)
  expect(await verify(ledger)).toMatchObject({ verdict: 'broken', firstBad: { index: 10, step: 'erasure' } })
})

test('what was destroyed accounts for nothing any more', async () => {
  const ledger = new SampleLedger(40, [20, erasure([[0, 9]])], [30, erasure([[20, 21]], { group: 'both' })])
  ledger.erase(0, 9)
  ledger.destroy(20, 21)
  expect(await verify(ledger)).toMatchObject({ verdict: 'broken', firstBad: { index: 0, step: 'erasure' } })
})

test('nothing is erased ahead, and no erasure entry is itself erased', async () => {
  const ahead = new SampleLedger(20, [5, erasure([[0, 20]])])
  ahead.erase(6, 7)
  expect(await verify(ahead)).toMatchObject({ verdict: 'broken', firstBad: { index: 6, step: 'erasure' } })
  const itself = new SampleLedger(20, [5, erasure([[0, 2]])], [9, erasure([[0, 9]])])
  itself.erase(5, 6)
  expect(await verify(itself)).toMatchObject({ verdict: 'broken', firstBad: { index: 5, step: 'erasure' } })
})

test.each([
  [null],
  [[]],
  [{ ranges: [[0, 5]] }],
  ['x'],
  [{ ranges: [[5, 0]], group: 'personal', authority: 'a', reason: 'r' }],
  [{ ranges: [[0, 5, 6]], group: 'personal', authority: 'a', reason: 'r' }],
  [{ ranges: [[0, 5]], group: 'core', authority: 'a', reason: 'r' }],
])('erasure metadata %j accounts for nothing', async (metadata) => {
  const ledger = new SampleLedger(20, [10, { action: 'trailproof.erasure', metadata }])
  ledger.erase(3, 4)
  expect(await verify(ledger)).toMatchObject({ verdict: 'broken', firstBad: { index: 3 } })
})

test('withheld content is unproven, and so is an erasure it may explain', async () => {
  const ledger = new SampleLedger(20, [10, erasure([[3, 4]])])
  for (const i of [1, 2, 7]) ledger.withhold(i, 'personal')
  expect((await verify(ledger)).unproven).toMatchObject([
    { what: 'personal', from: 1, to: 3 },
    { what: 'personal', from: 7, to: 8 },
  ])
  ledger.erase(3, 4)
  ledger.withhold(10, 'personal')
  expect(await verify(ledger)).toMatchObject({ verdict: 'unproven', badCount: 0 })
})

const fail = async () => Promise.reject(new Error('no route'))
const make = (damage: Partial<EvidenceSource>) => Object.assign(new SampleLedger(600), damage)

test('what cannot be read is unproven, not broken', async () => {
  for (const damage of [{ checkpoint: fail }, { readTile: fail }, { readEntries: fail }])
    expect(await verify(make(damage))).toMatchObject({ verdict: 'unproven', badCount: 0 })
  expect(await verify(make({ readTile: fail }), { from: 300 })).toMatchObject({ verdict: 'unproven' })
  expect(await verify(new SampleLedger(5), { verifierKeys: [] })).toMatchObject({ verdict: 'unproven' })
})

test('key changes are followed in both directions, and end the old key', async () => {
  const statement = signKeyChange(log, nextLog)
  const metadata = { old_key: formatVerifierKey(log.key), new_key: formatVerifierKey(nextLog.key), statement }
  const ledger = new SampleLedger(10)
  const before = ledger.note
  ledger.append([sampleEntry(10, { action: 'trailproof.key_change', metadata })], [log, nextLog])
  const during = ledger.note
  ledger.append([sampleEntry(11)], [nextLog])
  expect(await verify(ledger, { remembered: [before, during] })).toMatchObject({ verdict: 'intact' })
  expect(await verify(ledger, { remembered: [before, during], verifierKeys: [nextLog.key] })).toMatchObject({
    verdict: 'intact',
  })
  ledger.sign([log])
  expect(await verify(ledger)).toMatchObject({ verdict: 'broken', firstBad: { step: 'checkpoint' } })
  const stranger = new SampleLedger(10, [
    4,
    { action: 'trailproof.key_change', metadata: { ...metadata, statement: 'x' } },
  ])
  stranger.sign([signer(origin, 9)])
  expect(await verify(stranger)).toMatchObject({ verdict: 'broken' })
})

test('stops when aborted, and tells how far it is', async () => {
  const controller = new AbortController()
  const seen: number[] = []
  const run = verify(new SampleLedger(3000), {
    signal: controller.signal,
    onProgress: ({ checked }) => {
      seen.push(checked)
      if (checked > 2000) controller.abort(new Error('enough'))
    },
  })
  await expect(run).rejects.toThrow('enough')
  expect(seen).toEqual([1024, 2048])
})

test('a hostile source never ends in a TypeError', async () => {
  const garbage = {
    leaf: encodeUtf8('x'),
    core: { kind: 'present', bytes: encodeUtf8('[]'), salt: new Uint8Array(3) },
    personal: { kind: 'erased' },
  } as const
  const source = Object.assign(new SampleLedger(600), {
    readEntries: async (_: number, count: number) => Array.from({ length: count + 5 }, () => garbage),
    readTile: async () => new Uint8Array(7),
  })
  expect(await verify(source)).toMatchObject({ verdict: 'broken', firstBad: { index: 0, step: 'leaf' } })
})

test('a filter that is far too small costs a second reading, not a wrong answer', async () => {
  const options = { idFilterBytesMax: 128 }
  expect(await verify(new SampleLedger(3000), options)).toMatchObject({ verdict: 'intact' })
  const repeated = new SampleLedger(3000, [2900, { idOf: 2000 }], [2950, { idOf: 2000 }])
  expect(await verify(repeated, options)).toMatchObject({
    badCount: 2,
    firstBad: { index: 2900, step: 'id', detail: 'has the id of entry 2000' },
  })
})

test.each([-1, 0.5, Number.NaN])('refuses to start at %d', async (from) => {
  await expect(verify(new SampleLedger(3), { from })).rejects.toThrow(RangeError)
})
