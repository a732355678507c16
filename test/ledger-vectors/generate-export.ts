/**
 * Writes spec/vectors/export-ndjson.json: `node test/ledger-vectors/generate-export.ts`. As generate.ts: nothing of
 * packages/core, and the same bytes every time.
 */

import { writeFileSync } from 'node:fs'
import { base64, hex, keyOf, sha256 } from './naive-note.ts'
import { naiveLeafHash, naivePath, naiveRoot } from './naive-tree.ts'

const origin = 'trailproof.invalid/7f3a/main'
const log = keyOf(origin, 1, 1)
const next = keyOf(origin, 2, 1)
const signed = (text: string, key = log): string => `${text}\n${key.sign(text)}`

// --- A ledger of 1030 entries, and one more. Only those from 1022 on are ever shown.

interface Entry {
  readonly leaf: Uint8Array
  readonly core: string
  readonly personal: string
  readonly salts: readonly [Uint8Array, Uint8Array]
}

const FIRST = 1022
const recordedAt = (i: number): string => `2026-01-02T03:04:05.${String(i).padStart(6, '0')}Z`
const commit = (group: string, salt: Uint8Array, bytes: string): Buffer =>
  sha256(`trailproof/v1/${group}\n`, salt, bytes)

function entry(i: number): Entry {
  const id = `019ab3c4-5d6e-7f80-9123-00000000${hex(Uint8Array.of(i >> 8, i & 255))}`
  const range = ERASURES.get(i)
  const action = range ? 'trailproof.erasure' : i === 1024 ? 'order.placed' : 'payment.created'
  const core = JSON.stringify({ action, id, kind: 'event' })
  const metadata = { authority: 'dpo@example.com', group: 'personal', ranges: [range], reason: 'asked' }
  const personal = JSON.stringify(range ? { metadata } : { message: `said "}" – ${i} 🙂` })
  const salts = [sha256(`core ${i}`).subarray(0, 16), sha256(`personal ${i}`).subarray(0, 16)] as const
  const time = Buffer.alloc(8)
  time.writeBigUInt64BE(BigInt(Date.parse('2026-01-02T03:04:05Z')) * 1000n + BigInt(i))
  const hashes = [commit('core', salts[0], core), commit('personal', salts[1], personal)]
  const leaf = Buffer.concat([Uint8Array.of(1), Buffer.from(id.replaceAll('-', ''), 'hex'), time, ...hashes])
  return { leaf, core, personal, salts }
}

const ERASURES = new Map([
  [1028, [1023, 1024]],
  [1030, [1025, 1026]],
])
const leaves = Array.from({ length: 1031 }, (_, i) =>
  naiveLeafHash(i < FIRST ? Uint8Array.of(i >> 8, i) : entry(i).leaf),
)
const headOf = (size: number): string => `${origin}\n${size}\n${base64(naiveRoot(leaves.slice(0, size)))}\n`

/** The hashes of the fewest whole subtrees of [from, to). */
function subtrees(from: number, to: number): string[] {
  if (from >= to) return []
  let width = 1
  while (from % (width * 2) === 0 && from + width * 2 <= to) width *= 2
  return [base64(naiveRoot(leaves.slice(from, from + width))), ...subtrees(from + width, to)]
}

// --- The lines of an export of [1022, 1027).

const sealed = (object: string): string => {
  const text = object.slice(0, -1)
  return `${text},"check":"${hex(sha256(text).subarray(0, 4))}"}`
}

function entryText(i: number): string {
  const { leaf, core, personal, salts } = entry(i)
  const isErased = i === 1023 || i === 1025
  const begin = `{"index":${i},"recorded_at":"${recordedAt(i)}","leaf":"${base64(leaf)}"`
  return isErased
    ? sealed(`${begin},"salts":["${base64(salts[0])}",null],"core":${core},"personal":null}`)
    : `${begin},"salts":["${base64(salts[0])}","${base64(salts[1])}"],"core":${core},"personal":${personal}}`
}

const header = (more: object = {}): string =>
  JSON.stringify({
    format: 'trailproof/v1/export',
    ledger: 'main',
    from: FIRST,
    to: 1027,
    at: '2026-01-03T00:00:00.000Z',
    query: 'action:payment.*',
    checkpoint: signed(headOf(1030)),
    ...more,
  })
const withheld = (from: number, to: number): string =>
  sealed(JSON.stringify({ from, to, hashes: subtrees(from, to) }))
const mark = (shown: number, count: number, erased: number): string =>
  sealed(JSON.stringify({ mark: 1024, shown, withheld: count, erased, mac: 'AAAAAAAAAAAAAAAA' }))

function erasure(number: number, i: number, size: number, checkpoint: string | null): string {
  const proof = naivePath(i, leaves.slice(0, size)).map(base64)
  return `{"erasure":${number},"entry":${entryText(i)},${JSON.stringify({ proof, checkpoint }).slice(1)}`
}

function manifest(first: string, counts = '4 1 2 2', key = log, range = '1022 1027'): string {
  const [size, root] = headOf(1030).split('\n').slice(1)
  const text = `trailproof/v1/export\n${origin}\n${size}\n${root}\n${range}\n${base64(sha256(first))}\n${counts}\n`
  return JSON.stringify({
    manifest: signed(text, key),
    before: subtrees(0, FIRST),
    after: subtrees(1027, 1030),
  })
}

const body = [
  entryText(1022),
  entryText(1023),
  mark(2, 0, 1),
  withheld(1024, 1025),
  entryText(1025),
  entryText(1026),
]
const erasures = [erasure(0, 1028, 1030, null), erasure(1, 1030, 1031, signed(headOf(1031)))]
const whole = [header(), ...body, ...erasures, manifest(header())]
const [MARK, WITHHELD, LAST] = [3, 4, whole.length - 1]

// --- Cases.

interface Expected {
  readonly verdict: string
  readonly first_bad?: { readonly line: number; readonly index: number; readonly step: string }
}

function file(lines: readonly string[], expected: Expected, keys = [log.vkey]) {
  return { keys, file: lines.map((line) => `${line}\n`).join(''), ...expected }
}

const broken = (line: number, index: number, step: string): Expected => ({
  verdict: 'broken',
  first_bad: { line, index, step },
})
const without = (at: number): string[] => whole.toSpliced(at, 1)
const changed = (at: number, from: string | RegExp, to: string): string[] => {
  const line = whole[at]!.replace(from, to)
  if (line === whole[at]) throw new Error(`nothing to change in ${line}`)
  return whole.with(at, line)
}
const resealed = (at: number, from: string | RegExp, to: string): string[] => {
  const [text = ''] = whole[at]!.split(',"check"')
  return whole.with(at, sealed(`${text.replace(from, to)}}`))
}
const all = header({ query: '', to: 1024 })
const wholeRange = [
  all,
  ...body.slice(0, 2),
  erasures[0]!,
  manifest(all, '2 0 1 1', log, '1022 1024').replace(
    /"after":.*/,
    `"after":${JSON.stringify(subtrees(1024, 1030))}}`,
  ),
]
const asked = header({ query: 'action:order.*' })

const cases = [
  file(whole, { verdict: 'erased' }),
  file(wholeRange, { verdict: 'erased' }),
  { ...file(whole, { verdict: 'erased' }), file: whole.join('\n') },
  file(whole, { verdict: 'unproven' }, []),
  file(whole, broken(1, FIRST, 'checkpoint'), [next.vkey]),
  ...whole.map((_, at) => {
    const index = [0, 1022, 1023, 1024, 1024, 1025, 1026, 1027, 1027, 1027][at]!
    // The last erasure is missed by the manifest alone, which counts them.
    const step = at === 0 ? 'header' : at === LAST - 1 ? 'manifest' : 'missing'
    return file(without(at), broken(at + 1, index, step))
  }),
  file(whole.toSpliced(MARK, 0, whole[MARK]!), broken(5, 1024, 'missing')),
  file([...whole, ''], broken(11, 1027, 'line')),
  file(changed(1, 'payment', 'paymenT'), broken(2, 1022, 'commitment')),
  file(changed(1, '"index":1022', '"index":1023'), broken(2, 1022, 'missing')),
  file(changed(1, '05.001022Z', '05.001023Z'), broken(2, 1022, 'leaf')),
  file(changed(1, /"salts":\["../, '"salts":["AA'), broken(2, 1022, 'commitment')),
  file(changed(2, '"leaf":"AQ', '"leaf":"AA'), broken(3, 1023, 'line')),
  file(resealed(MARK, '"shown":2', '"shown":1'), broken(4, 1024, 'line')),
  file(changed(WITHHELD, '"to":1025', '"to":1026'), broken(5, 1024, 'line')),
  file(resealed(WITHHELD, /hashes":\[".../, 'hashes":["AAA'), broken(LAST + 1, 1022, 'root')),
  file(changed(7, '"proof":["', '"proof":["AAAA'), broken(8, 1027, 'line')),
  file(changed(7, /"proof":\[".../, '"proof":["AAA'), broken(8, 1028, 'root')),
  file(changed(7, '"erasure":0', '"erasure":1'), broken(8, 1027, 'missing')),
  file(changed(8, /1031\\n./, '1031\\nA'), broken(9, 1030, 'root')),
  file(whole.with(LAST, manifest(header(), '4 1 1 2')), broken(10, 1027, 'manifest')),
  file(whole.with(LAST, manifest(header(), '4 1 2 1')), broken(10, 1027, 'manifest')),
  file(whole.with(LAST, manifest(header(), '4 1 2 2', next)), broken(10, 1027, 'manifest')),
  file(whole.with(LAST, manifest(header(), '4 1 2 2', log, '1022 1028')), broken(10, 1027, 'manifest')),
  file(changed(LAST, /"before":\[".../, '"before":["AAA'), broken(10, 1022, 'root')),
  file(changed(LAST, /"after":\["[^"]*",/, '"after":['), broken(10, 1027, 'manifest')),
  file(whole.with(0, header({ at: '2026-01-03T00:00:00.001Z' })), broken(1, 1022, 'header')),
  file([asked, ...whole.slice(1, -1), manifest(asked)], broken(2, 1022, 'filter')),
  file(whole.with(0, header({ to: 1031 })), broken(1, 0, 'header')),
  { ...file([], broken(1, 0, 'header')), file: '' },
  { ...file([], broken(1, 0, 'header')), file: 'null\n' },
]

const description =
  'Exports as ndjson (spec/export.md), the keys that are trusted, and the verdict. `file` is the whole text.'
writeFileSync('spec/vectors/export-ndjson.json', `${JSON.stringify({ description, cases }, undefined, 1)}\n`)
