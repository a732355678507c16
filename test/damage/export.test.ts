import { sealLine, type VerifierKey } from '@trailproof/core'
import { sha256 } from '@trailproof/server/ports'
import { beforeEach, expect, test } from 'vitest'
import { exported, fileOf, ingest, linesOf, verifierKey, verify } from '../support/export.ts'
import { testServer } from '../support/test-server.ts'

let lines: readonly string[] = []
let others: readonly string[]
let key: VerifierKey

/** An export with a line of each kind, and one erasure before its checkpoint and one after. */
async function makeExport(): Promise<void> {
  if (lines.length > 0) return
  const server = await testServer()
  const ids = await ingest(server, 1100)
  const erase = async (index: number): Promise<void> => {
    const body = { ids: [ids[index]], authority: 'GDPR Art. 17', reason: 'asked' }
    expect((await server.post('/v1/erasures', body)).status).toBe(200)
  }
  await erase(1020)
  const range = '?size=1101&from_index=1020&to_index=1032&q=action:payment.*'
  const { size } = await server.get<{ size: number }>('/v1/ledgers/main')
  expect(size).toBe(1101)
  await erase(1026)
  lines = linesOf(await exported(server, range))
  others = linesOf(await exported(server, range.replace('1032', '1029')))
  key = await verifierKey(server)
}

beforeEach(makeExport)

const kindOf = (line: string): string => /^\{"(\w+)"/.exec(line)![1]!

test('the export has a line of each kind, and is whole', async () => {
  expect(lines.map(kindOf)).toEqual([
    'format',
    'index',
    'from',
    'index',
    'mark',
    'from',
    'index',
    'from',
    'index',
    'from',
    'erasure',
    'erasure',
    'manifest',
  ])
  expect(await verify(fileOf(lines), [key])).toMatchObject({
    verdict: 'erased',
    shown: 4,
    withheld: 8,
    erased: 2,
    erasedRanges: [
      { from: 1020, to: 1021, erasedBy: 1100, authority: 'GDPR Art. 17', reason: 'asked' },
      { from: 1026, to: 1027, erasedBy: 1101 },
    ],
  })
})

/** The first bad line, from 1; 0 when there is none. */
async function firstBad(file: string | Uint8Array): Promise<number> {
  const { verdict, firstBad: finding } = await verify(file, [key])
  expect(verdict === 'broken').toBe(finding !== undefined)
  return finding?.line ?? 0
}

const without = (at: number): string[] => lines.toSpliced(at, 1)
const twice = (at: number): string[] => lines.toSpliced(at, 0, lines[at]!)
const swapped = (at: number): string[] => lines.toSpliced(at, 2, lines[at + 1]!, lines[at]!)
const halved = (at: number): string[] => lines.with(at, lines[at]!.slice(0, lines[at]!.length / 2))
const emptied = (at: number): string[] => lines.with(at, '')

test('each line that is missing, twice, swapped, cut or empty is named', async () => {
  for (let at = 0; at < lines.length; at++) {
    const kind = kindOf(lines[at]!)
    expect([kind, await firstBad(fileOf(without(at)))]).toEqual([kind, at + 1])
    expect([kind, await firstBad(fileOf(twice(at)))]).toEqual([kind, at + 2])
    expect([kind, await firstBad(fileOf(halved(at)))]).toEqual([kind, at + 1])
    expect([kind, await firstBad(fileOf(emptied(at)))]).toEqual([kind, at + 1])
    if (at < lines.length - 1) expect([kind, await firstBad(fileOf(swapped(at)))]).toEqual([kind, at + 1])
  }
})

test('each byte that is changed is named by its line', async () => {
  const file = Buffer.from(fileOf(lines))
  for (let at = 0, line = 1; at < file.length; at++) {
    const changed = Buffer.from(file)
    changed[at]! ^= 1 << (at % 8)
    expect([at, await firstBad(changed)]).toEqual([at, line])
    if (file[at] === 0x0a) line++
  }
})

test('a file that was cut at any byte is named by the line that is missing', async () => {
  const file = Buffer.from(fileOf(lines))
  for (let end = 0, line = 1; end < file.length - 1; end++) {
    // A line is whole without its newline, too.
    const isWhole = file[end] === 0x0a
    expect([end, await firstBad(file.subarray(0, end))]).toEqual([end, isWhole ? line + 1 : line])
    if (isWhole) line++
  }
  expect(await firstBad(file.subarray(0, file.length - 1))).toBe(0)
  expect(await firstBad(Buffer.concat([file, Buffer.from('x')]))).toBe(lines.length + 1)
  expect(await firstBad(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), file]))).toBe(1)
})

type Forge = (fields: Record<string, unknown>) => Record<string, unknown>

/** The line as somebody would write it who knows how, but has not the key. */
function forged(at: number, change: Forge): string {
  const { check, ...fields } = change(JSON.parse(lines[at]!) as Record<string, unknown>)
  const text = JSON.stringify(fields)
  return fileOf(lines.with(at, check === undefined ? text : sealLine(sha256, text)))
}

const hash = Buffer.alloc(32, 7).toString('base64')
const last = 12

test.each<[what: string, at: number, change: Forge, line: number, step: string]>([
  [
    'another content',
    3,
    (line) => ({ ...line, core: { ...(line['core'] as object), action: 'x' } }),
    4,
    'commitment',
  ],
  ['another index', 3, (line) => ({ ...line, index: 1022 }), 4, 'missing'],
  [
    'content said to be erased',
    3,
    (line) => ({ ...line, personal: null, salts: [(line['salts'] as string[])[0], null] }),
    4,
    'line',
  ],
  [
    'content said to be erased, sealed',
    3,
    (line) => ({ ...line, personal: null, salts: [(line['salts'] as string[])[0], null], check: '' }),
    5,
    'line',
  ],
  ['what is withheld', 2, (line) => ({ ...line, hashes: [hash, hash] }), 13, 'root'],
  ['more withheld', 2, (line) => ({ ...line, to: 1024 }), 4, 'missing'],
  ['withheld beyond a mark', 2, (line) => ({ ...line, to: 1026 }), 3, 'line'],
  ['counts in a mark', 4, (line) => ({ ...line, shown: 9 }), 5, 'line'],
  ['a mark elsewhere', 4, (line) => ({ ...line, mark: 1025 }), 5, 'missing'],
  ['the path of an erasure', 10, (line) => ({ ...line, proof: [hash] }), 11, 'root'],
  ['the number of an erasure', 11, (line) => ({ ...line, erasure: 0 }), 12, 'missing'],
  ['the hashes beside the range', last, (line) => ({ ...line, before: [hash] }), 13, 'manifest'],
  [
    'a hash beside the range',
    last,
    (line) => ({ ...line, after: [hash, ...(line['after'] as string[]).slice(1)] }),
    13,
    'root',
  ],
  ['another query', 0, (line) => ({ ...line, query: 'action:order.*' }), 1, 'header'],
  ['a query that is none', 0, (line) => ({ ...line, query: 'action:(' }), 1, 'header'],
  ['no query', 0, (line) => ({ ...line, query: '' }), 1, 'header'],
  ['another time', 0, (line) => ({ ...line, at: '2020-01-01T00:00:00.000Z' }), 1, 'header'],
  ['a time that is none', 0, (line) => ({ ...line, at: 'now' }), 1, 'header'],
  ['another end', 0, (line) => ({ ...line, to: 1033 }), 1, 'header'],
  ['a range that is none', 0, (line) => ({ ...line, to: 1019 }), 1, 'header'],
])('%s is found out although it was written well', async (_, at, change, line, step) => {
  const { verdict, firstBad: finding } = await verify(forged(at, change), [key])
  expect(verdict).toBe('broken')
  expect(finding).toMatchObject({ line, step })
})

test('parts of two exports make no third', async () => {
  expect(await firstBad(fileOf([...lines.slice(0, -1), others.at(-1)!]))).toBe(1)
  expect(await firstBad(fileOf([others[0]!, ...lines.slice(1)]))).toBe(1)
  expect(await firstBad(fileOf([...lines, ...lines]))).toBe(lines.length + 1)
})

test('bytes that are no export at all are broken', async () => {
  for (const file of [
    '',
    '\n',
    '{}',
    'null',
    '[]',
    '{"format":"trailproof/v1/export"}',
    '\0',
    '{'.repeat(100_000),
  ])
    expect(await firstBad(file)).toBe(1)
  expect(await firstBad(Buffer.alloc(65 * 2 ** 20, 0x20))).toBe(1)
})
