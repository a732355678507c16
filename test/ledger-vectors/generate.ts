/**
 * Writes spec/vectors/{ledger,merkle,checkpoint,proof}*.json: `node test/ledger-vectors/generate.ts`.
 *
 * Uses Node's crypto and the naive tree only, nothing of packages/core, so that agreement means something.
 * Deterministic: keys and leaves follow from the numbers below, and Ed25519 signatures from those.
 */

import { writeFileSync } from 'node:fs'
import { base64, hex, keyOf, sha256 } from './naive-note.ts'
import {
  naiveConsistency,
  naiveLeafHash,
  naiveNodeHash,
  naivePath,
  naiveRoot,
  naiveTile,
} from './naive-tree.ts'

function write(name: string, description: string, cases: readonly unknown[]): void {
  writeFileSync(`spec/vectors/${name}.json`, `${JSON.stringify({ description, cases }, undefined, 1)}\n`)
}

// --- The tree: leaf i is the four bytes of i, big-endian.

const leafBytes = (i: number): Uint8Array => Uint8Array.of(i >>> 24, i >>> 16, i >>> 8, i)
const hashes = Array.from({ length: 65_793 }, (_, i) => naiveLeafHash(leafBytes(i)))

write(
  'merkle-roots',
  'Roots of trees whose leaf i is the four bytes of i, big-endian. Hex.',
  [...Array.from({ length: 1031 }, (_, size) => size), 65_535, 65_536, 65_537, 65_793].map((size) => ({
    size,
    root: hex(naiveRoot(hashes.slice(0, size))),
  })),
)

const tileSizes = [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 65_793]
write(
  'merkle-tiles',
  'All tiles whose width is below 256, and the first and last full one of each level, of trees whose leaf i is the four bytes of i; sha256 of the tile, hex.',
  tileSizes.map((size) => {
    const tiles: { path: string; level: number; index: number; width: number; sha256: string }[] = []
    for (let level = 0; Math.floor(size / 256 ** level) > 0; level++) {
      const count = Math.ceil(Math.floor(size / 256 ** level) / 256)
      for (const index of new Set([0, Math.max(0, count - 2), count - 1])) {
        const tile = naiveTile(level, index, hashes.slice(0, size))
        const width = tile.length / 32
        const path = `tile/${level}/${String(index).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`
        tiles.push({ path, level, index, width, sha256: hex(sha256(tile)) })
      }
    }
    return { size, tiles }
  }),
)

const bad = (proof: string[], change: (proof: string[]) => string[]): string[] => change([...proof])
const inclusionCases: unknown[] = []
for (const [index, size] of [
  [0, 1],
  [0, 2],
  [1, 2],
  [0, 3],
  [2, 3],
  [4, 7],
  [6, 7],
  [0, 8],
  [5, 8],
  [7, 9],
  [8, 9],
  [100, 255],
  [254, 255],
  [255, 256],
  [0, 257],
  [256, 257],
  [511, 1000],
  [999, 1000],
  [65_535, 65_536],
  [65_536, 65_537],
  [300, 65_793],
  [65_792, 65_793],
] as const) {
  const tree = hashes.slice(0, size)
  const base = { index, size, leaf_hash: hex(hashes[index] ?? sha256()), root: hex(naiveRoot(tree)) }
  const proof = naivePath(index, tree).map(hex)
  inclusionCases.push({ ...base, proof, valid: true })
  inclusionCases.push({ ...base, proof: bad(proof, (p) => [...p, base.root]), valid: false, why: 'too long' })
  inclusionCases.push({ ...base, index: size, proof, valid: false, why: 'the index is the size' })
  inclusionCases.push({ ...base, root: hex(sha256('x')), proof, valid: false, why: 'another root' })
  if (proof.length === 0) continue
  inclusionCases.push({ ...base, proof: bad(proof, (p) => p.slice(1)), valid: false, why: 'too short' })
  inclusionCases.push({
    ...base,
    proof: bad(proof, (p) => ['00'.repeat(32), ...p.slice(1)]),
    valid: false,
    why: 'another sibling',
  })
  inclusionCases.push({ ...base, index: index ^ 1, proof, valid: false, why: 'another index' })
  inclusionCases.push({
    ...base,
    proof: bad(proof, (p) => [p[0]?.slice(2) ?? '', ...p.slice(1)]),
    valid: false,
    why: '31 bytes',
  })
}
const [left, leaf] = [hashes[1] ?? sha256(), hashes[2] ?? sha256()]
inclusionCases.push({
  index: 2 ** 40,
  size: 2 ** 40 + 1,
  leaf_hash: hex(leaf),
  root: hex(naiveNodeHash(left, leaf)),
  proof: [hex(left)],
  valid: true,
  why: 'above 32 bits',
})
write('proof-inclusion', 'Inclusion proofs, leaf upward. Hex.', inclusionCases)

const consistencyCases: unknown[] = []
for (const [first, second] of [
  [0, 0],
  [0, 5],
  [1, 1],
  [1, 2],
  [1, 5],
  [2, 3],
  [3, 7],
  [4, 7],
  [6, 7],
  [4, 8],
  [6, 8],
  [8, 9],
  [255, 256],
  [256, 257],
  [255, 1000],
  [256, 1000],
  [999, 1000],
  [65_535, 65_536],
  [65_536, 65_537],
  [300, 65_793],
  [65_792, 65_793],
] as const) {
  const base = {
    first,
    second,
    first_root: hex(naiveRoot(hashes.slice(0, first))),
    second_root: hex(naiveRoot(hashes.slice(0, second))),
  }
  const proof = naiveConsistency(first, hashes.slice(0, second)).map(hex)
  consistencyCases.push({ ...base, proof, valid: true })
  consistencyCases.push({ ...base, proof: [...proof, base.second_root], valid: false, why: 'too long' })
  consistencyCases.push({
    ...base,
    first_root: hex(sha256('x')),
    proof,
    valid: false,
    why: 'another first root',
  })
  if (first < second)
    consistencyCases.push({
      ...base,
      first: second,
      second: first,
      proof,
      valid: false,
      why: 'sizes exchanged',
    })
  if (proof.length === 0) continue
  consistencyCases.push({ ...base, proof: proof.slice(1), valid: false, why: 'too short' })
  consistencyCases.push({
    ...base,
    second_root: hex(sha256('x')),
    proof,
    valid: false,
    why: 'another second root',
  })
}
write('proof-consistency', 'Consistency proofs. Hex.', consistencyCases)

write('merkle-tile-paths', 'Paths of tiles and bundles, and texts that are none.', [
  ...[
    ['tile/0/000', 'tile', 0, 0, 256],
    ['tile/0/000.p/1', 'tile', 0, 0, 1],
    ['tile/63/005.p/255', 'tile', 63, 5, 255],
    ['tile/0/x001/x234/067', 'tile', 0, 1_234_067, 256],
    ['tile/1/x001/000', 'tile', 1, 1000, 256],
    ['tile/entries/999.p/7', 'entries', 0, 999, 7],
    ['tile/0/x009/x007/x199/x254/x740/991', 'tile', 0, Number.MAX_SAFE_INTEGER, 256],
  ].map(([path, kind, level, index, width]) => ({ path, valid: true, kind, level, index, width })),
  ...[
    '',
    'tile/0',
    'tile/0/0',
    'tile/0/0000',
    'tile/00/000',
    'tile/64/000',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/01',
    'tile/0/000.p',
    '/tile/0/000',
    'tile/0/000/',
    'tile/0/000\n',
    'tile/0/../000',
    'tile/entries/0',
    'tile/0/x009/x007/x199/x254/x740/992',
    'tile/data/000',
    'tile/0/%30%30%30',
  ].map((path) => ({ path, valid: false })),
])

// --- Leaves and commitments.

const salts = [sha256('salt core').subarray(0, 16), sha256('salt personal').subarray(0, 16)] as const
const commit = (group: string, salt: Uint8Array, bytes: string): Buffer =>
  sha256(`trailproof/v1/${group}\n`, salt, bytes)
write(
  'ledger-leaves',
  'Leaves and their commitments. Group bytes are UTF-8 text; salts, commitments, leaf and leaf_hash are hex.',
  [
    ['00000000-0000-0000-0000-000000000000', 0, '{}', '{}'],
    [
      '019ab3c4-5d6e-7f80-9123-456789abcdef',
      1_763_716_800_123_456,
      '{"action":"payment.created","id":"019ab3c4-5d6e-7f80-9123-456789abcdef"}',
      '{"actor":{"id":"u-1","name":"Zoë 🗝"}}',
    ],
    ['ffffffff-ffff-ffff-ffff-ffffffffffff', Number.MAX_SAFE_INTEGER, '{"a":1}', '{"a":1}'],
  ]
    .map(([id, us, core, personal]) => {
      const time = Buffer.alloc(8)
      time.writeBigUInt64BE(BigInt(us ?? 0))
      const commitments = [
        commit('core', salts[0], String(core)),
        commit('personal', salts[1], String(personal)),
      ] as const
      const bytes = Buffer.concat([
        Uint8Array.of(1),
        Buffer.from(String(id).replaceAll('-', ''), 'hex'),
        time,
        ...commitments,
      ])
      return {
        valid: true,
        id,
        recorded_at_us: us,
        core,
        core_salt: hex(salts[0]),
        core_commitment: hex(commitments[0]),
        personal,
        personal_salt: hex(salts[1]),
        personal_commitment: hex(commitments[1]),
        leaf: hex(bytes),
        leaf_hash: hex(naiveLeafHash(bytes)),
      }
    })
    .concat(
      [
        ['', 'empty'],
        ['01'.padEnd(176, '0'), '88 bytes'],
        ['01'.padEnd(180, '0'), '90 bytes'],
        ['00'.padEnd(178, '0'), 'version 0'],
        ['02'.padEnd(178, '0'), 'version 2'],
        [`01${'00'.repeat(16)}0020000000000000${'00'.repeat(64)}`, 'recorded_at 2^53'],
      ].map(([bytes, why]) => ({ valid: false, leaf: bytes, why })) as never[],
    ),
)

// --- Keys and notes.

const origin = 'trailproof.invalid/7f3a/main'
const [log, next, other] = [
  keyOf(origin, 1, 1),
  keyOf(origin, 2, 1),
  keyOf('trailproof.invalid/7f3a/other', 1, 1),
]
const witnesses = [11, 12, 13].map((seed) => keyOf(`w${seed}.example`, seed, 4))
const plus =
  Array.from({ length: 99 }, (_, seed) => keyOf('example.com/log', seed, 1)).find(
    ({ vkey }) => vkey.split('+').length > 3,
  ) ?? log
const [w1, w2, w3] = witnesses as [typeof log, typeof log, typeof log]

write('checkpoint-keys', 'Verifier keys.', [
  ...[log, next, other, w1, plus].map(({ vkey }) => ({ vkey, valid: true })),
  ...[
    '',
    'a',
    'a+b',
    '++',
    log.vkey.slice(0, -4),
    log.vkey.toUpperCase(),
    ` ${log.vkey}`,
    `${log.vkey}\n`,
    `x${log.vkey}`,
    log.vkey.replace(origin, 'a b'),
    keyOf(origin, 1, 2).vkey,
    `${origin}+00000000+${log.vkey.split('+').slice(2).join('+')}`,
  ].map((vkey) => ({ vkey, valid: false })),
])

const root = sha256('root')
const text = `${origin}\n70000\n${base64(root)}\n`
const note = `${text}\n${log.sign(text)}`
const signed = (body: string): string => `${body}\n${log.sign(body)}`
const opens = { keys: [log.vkey], result: 'checkpoint', origin, size: 70_000, root: hex(root) }
write(
  'checkpoint-notes',
  'Signed checkpoints, the keys that are known, and the result: checkpoint, unsigned or problem.',
  [
    { ...opens, note },
    { ...opens, note: signed(`${origin}\n0\n${base64(sha256())}\n`), size: 0, root: hex(sha256()) },
    {
      ...opens,
      note: signed(`${origin}\n9007199254740991\n${base64(root)}\n`),
      size: Number.MAX_SAFE_INTEGER,
    },
    { ...opens, note: note + next.sign(text), why: 'signed by the old and the new key' },
    { ...opens, note: note + next.sign(text), keys: [next.vkey], why: 'the same, opened with the new key' },
    {
      ...opens,
      note: note + w1.cosign(text, 1_763_716_800),
      keys: [log.vkey, w1.vkey],
      cosigned: [1_763_716_800],
    },
    {
      ...opens,
      note:
        note +
        Array.from({ length: 63 }, (_, i) => keyOf(`stranger${i}`, i, 1).line(Buffer.alloc(100))).join(''),
      why: '63 unknown lines',
    },
    { ...opens, note: note + next.line(Buffer.alloc(64)), why: 'a bad line under an unknown key' },
    ...[
      { note, keys: [], why: 'no known key' },
      { note, keys: [next.vkey], why: 'another key' },
      { note: `${text}\n${other.sign(text)}`, keys: [other.vkey], why: 'the key of another log' },
      { note: `${text}\n${w1.cosign(text, 5)}`, keys: [w1.vkey], why: 'a witness only' },
    ].map((each) => ({ ...each, result: 'unsigned' })),
    ...[
      {
        note: note + next.line(Buffer.alloc(64)),
        keys: [log.vkey, next.vkey],
        why: 'a bad line under a known key',
      },
      {
        note: note + w1.line(Buffer.alloc(72)),
        keys: [log.vkey, w1.vkey],
        why: 'a bad cosignature of a known witness',
      },
      {
        note: note + w1.line(Buffer.alloc(64)),
        keys: [log.vkey, w1.vkey],
        why: 'a cosignature without time',
      },
      { note: note.replace('70000', '70001'), why: 'another size' },
      { note: signed(`${origin}\n070000\n${base64(root)}\n`), why: 'a leading zero' },
      { note: signed(`${origin}\n9007199254740992\n${base64(root)}\n`), why: 'a size of 2^53' },
      { note: signed(`${origin}\n-1\n${base64(root)}\n`), why: 'a negative size' },
      { note: signed(`${origin}\n70000\n${base64(root.subarray(1))}\n`), why: 'a root of 31 bytes' },
      { note: signed(`${origin}\n70000\n${base64(root)}\nextension\n`), why: 'an extension line' },
      { note: signed(`${origin}\n70000\n`), why: 'no root' },
      { note: note.replace('\n\n', '\n'), why: 'no empty line' },
      { note: note.slice(0, -1), why: 'no last newline' },
      { note: `${text}\n`, why: 'no signature' },
      { note: note.replace('\u2014', '-'), why: 'a hyphen for the dash' },
      { note: note.replaceAll('\n', '\r\n'), why: 'carriage returns' },
      { note: note + w1.line(Buffer.alloc(9)).repeat(64), why: '65 lines' },
      { note: '', why: 'empty' },
    ].map((each) => ({ keys: [log.vkey], ...each, result: 'problem' })),
  ],
)

const changeText = `trailproof/v1/key-change\n${origin}\n${log.vkey}\n${next.vkey}\n`
write('checkpoint-key-changes', 'Statements that hand a ledger to its next key.', [
  {
    statement: `${changeText}\n${log.sign(changeText)}${next.sign(changeText)}`,
    valid: true,
    old_key: log.vkey,
    new_key: next.vkey,
  },
  { statement: `${changeText}\n${log.sign(changeText)}`, valid: false, why: 'not signed by the new key' },
  { statement: `${changeText}\n${next.sign(changeText)}`, valid: false, why: 'not signed by the old key' },
  {
    statement: `${changeText}\n${log.sign(changeText)}${next.line(Buffer.alloc(64))}`,
    valid: false,
    why: 'a bad signature',
  },
  ...[
    changeText.replace(next.vkey, log.vkey),
    changeText.replace(next.vkey, other.vkey),
    changeText.replace('/v1/', '/v2/'),
  ].map((body) => ({
    statement: `${body}\n${log.sign(body)}${next.sign(body)}${other.sign(body)}`,
    valid: false,
  })),
])

// --- Standalone proofs.

const policy = `log ${log.vkey}\nwitness a ${w1.vkey}\nwitness b ${w2.vkey}\nwitness c ${w3.vkey}\ngroup two 2 a b c\nquorum two\n`
const size = 1000
const body = `${origin}\n${size}\n${base64(naiveRoot(hashes.slice(0, size)))}\n`
const cosigned = `${body}\n${log.sign(body)}${w1.cosign(body, 5)}${w3.cosign(body, 6)}`
const path = naivePath(511, hashes.slice(0, size)).map(base64)
const proofText = ['c2sp.org/tlog-proof@v1', 'index 511', ...path, '', cosigned].join('\n')
const proven = { leaf: hex(leafBytes(511)), policy }
write('proof-tlog', 'Standalone proofs (c2sp.org/tlog-proof) of a leaf (hex) under a policy.', [
  { ...proven, proof: proofText, valid: true, index: 511 },
  { ...proven, proof: proofText.replace('\n', '\nextra aGludA==\n'), valid: true, index: 511 },
  { ...proven, proof: proofText, policy: `log ${log.vkey}\nquorum none\n`, valid: true, index: 511 },
  ...[
    { proof: proofText, leaf: hex(leafBytes(510)), why: 'another leaf' },
    { proof: proofText.replace('511', '510'), why: 'another index' },
    { proof: proofText.replace('511', '0511'), why: 'a leading zero' },
    { proof: proofText.replace(`${path[0]}\n`, ''), why: 'a missing hash' },
    { proof: proofText.replace('@v1', '@v2'), why: 'another version' },
    { proof: proofText.replace('\n', '\nextra aGludA=\n'), why: 'an extra that is not base64' },
    { proof: proofText.replace(w3.cosign(body, 6), ''), why: 'one witness is not a quorum' },
    {
      proof: proofText.replace(w3.cosign(body, 6), w1.cosign(body, 6)),
      why: 'one witness twice is not a quorum',
    },
    { proof: proofText, policy: `log ${next.vkey}\nquorum none\n`, why: 'a log the policy does not list' },
    { proof: proofText, policy: `log ${log.vkey}\n`, why: 'a policy without quorum' },
    { proof: '', why: 'empty' },
  ].map((each) => ({ ...proven, ...each, valid: false })),
])

// --- Whole ledgers and the verdict on them: five entries, the fourth of which erases the first two.

interface Group {
  kind: 'present' | 'erased' | 'withheld'
  bytes?: string
  salt?: string
}
interface Entry {
  leaf: string
  core: Group
  personal: Group
}

function entry(i: number, us = 1_763_716_800_000_000 + i, more: object = {}): Entry {
  const id = `019ab3c4-5d6e-7f80-9123-00000000000${i}`
  const core = JSON.stringify({
    action: i === 3 ? 'trailproof.erasure' : 'payment.created',
    id,
    kind: 'event',
  })
  const metadata = {
    authority: 'dpo@example.com',
    group: 'personal',
    ranges: [[0, 2]],
    reason: 'GDPR article 17',
    ...more,
  }
  const personal = JSON.stringify(i === 3 ? { metadata } : { actor: { id: `u-${i}` } })
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(us))
  const [a, b] = [commit('core', salts[0], core), commit('personal', salts[1], personal)]
  const bytes = Buffer.concat([Uint8Array.of(1), Buffer.from(id.replaceAll('-', ''), 'hex'), time, a, b])
  return {
    leaf: hex(bytes),
    core: { kind: 'present', bytes: core, salt: hex(salts[0]) },
    personal: { kind: 'present', bytes: personal, salt: hex(salts[1]) },
  }
}

function evidence(entries: readonly Entry[], change: (entries: Entry[]) => unknown, more: object) {
  const tree = entries.map(({ leaf: bytes }) => naiveLeafHash(Buffer.from(bytes, 'hex')))
  const head = `${origin}\n${entries.length}\n${base64(naiveRoot(tree))}\n`
  const shown = structuredClone(entries) as Entry[]
  change(shown)
  const tile = hex(naiveTile(0, 0, tree))
  return {
    keys: [log.vkey],
    checkpoint: signed(head),
    tiles: { '0/0': tile },
    entries: shown,
    remembered: [],
    ...more,
  }
}

const erased: Group = { kind: 'erased' }
const firstTwo = [{ from: 0, to: 2, erasedBy: 3, authority: 'dpo@example.com', reason: 'GDPR article 17' }]
const five = [0, 1, 2, 3, 4].map((i) => entry(i))
const fiveKept = [0, 1, 2, 3, 4].map((i) => entry(i, undefined, { group: 'both', rule: 'short' }))
const firstTwoWhole = [{ ...firstTwo[0], rule: 'short', isWhole: true }]
const destroyed = { core: erased, personal: erased }
const one = five[0] ?? entry(0)
const sevenRoot = `${origin}\n7\n${base64(root)}\n`
const twoRoot = `${origin}\n2\n${base64(root)}\n`
const broken = (index: number, step: string) => ({ verdict: 'broken', first_bad: { index, step } })
write(
  'ledger-evidence',
  'Whole ledgers as a source shows them, and the verdict. Group bytes are UTF-8 text, the rest is hex.',
  [
    evidence(five, () => undefined, { verdict: 'intact' }),
    evidence(five, (e) => e.slice(0, 2).map((each) => (each.personal = erased)), {
      verdict: 'erased',
      erased: firstTwo,
    }),
    evidence(five, (e) => e.slice(0, 3).map((each) => (each.personal = erased)), {
      ...broken(2, 'erasure'),
      erased: firstTwo,
    }),
    evidence(five, (e) => e.slice(3, 4).map((each) => (each.personal = erased)), broken(3, 'erasure')),
    evidence(five, (e) => e.slice(1, 2).map((each) => (each.core = erased)), broken(1, 'erasure')),
    evidence(five, (e) => e.slice(0, 1).map((each) => Object.assign(each, destroyed)), broken(0, 'erasure')),
    evidence(fiveKept, (e) => e.slice(0, 2).map((each) => Object.assign(each, destroyed)), {
      verdict: 'erased',
      erased: firstTwoWhole,
    }),
    evidence(fiveKept, (e) => e.slice(1, 2).map((each) => (each.core = erased)), {
      ...broken(1, 'erasure'),
      erased: [{ ...firstTwoWhole[0], from: 1 }],
    }),
    evidence(
      fiveKept,
      (e) => e.slice(2, 3).map((each) => Object.assign(each, destroyed)),
      broken(2, 'erasure'),
    ),
    evidence(
      fiveKept,
      (e) => e.slice(3, 4).map((each) => Object.assign(each, destroyed)),
      broken(3, 'erasure'),
    ),
    evidence(five, (e) => e.slice(1, 2).map((each) => (each.personal = { kind: 'withheld' })), {
      verdict: 'unproven',
    }),
    evidence(five, (e) => e.slice(2, 3).map((each) => (each.core.bytes = '{}')), broken(2, 'commitment')),
    evidence(five, (e) => e.slice(2, 3).map((each) => (each.core.salt = '00')), broken(2, 'commitment')),
    evidence(
      five,
      (e) => e.slice(2, 3).map((each) => (each.leaf = each.leaf.replace(/^01/, '02'))),
      broken(2, 'leaf'),
    ),
    evidence(five, (e) => e.splice(1, 1), broken(1, 'leaf')),
    evidence(five, (e) => e.splice(0, 5, ...e.toReversed()), broken(0, 'leaf')),
    evidence(five, (e) => e.splice(3), broken(3, 'missing')),
    evidence([...five, one], () => undefined, broken(5, 'id')),
    evidence([...five, entry(5, 1)], () => undefined, broken(5, 'recorded_at')),
    evidence(five, () => undefined, {
      ...broken(1, 'tile'),
      tiles: { '0/0': '00'.repeat(32).padStart(128, hex(naiveLeafHash(Buffer.from(one.leaf, 'hex')))) },
    }),
    evidence(five, () => undefined, { ...broken(0, 'tile'), tiles: {} }),
    evidence(five, () => undefined, { ...broken(0, 'checkpoint'), keys: [next.vkey] }),
    evidence(five, () => undefined, { ...broken(5, 'remembered'), remembered: [signed(sevenRoot)] }),
    evidence(five, () => undefined, { ...broken(0, 'remembered'), remembered: [signed(twoRoot)] }),
    evidence(five, () => undefined, {
      verdict: 'unproven',
      remembered: [`${twoRoot}\n${next.sign(twoRoot)}`],
    }),
    evidence([], () => undefined, { verdict: 'intact', tiles: {} }),
  ],
)
