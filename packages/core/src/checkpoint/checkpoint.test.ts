import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, encodeBase64, encodeUtf8 } from '../encoding/index.ts'
import { leafHash, nodeHash } from '../merkle/index.ts'
import type { KeyAlgorithm, NoteSigner, Policy, VerifyEd25519 } from './index.ts'
import {
  cosignatureBlob,
  cosignatureMessage,
  formatCheckpoint,
  formatTlogProof,
  formatVerifierKey,
  openCheckpoint,
  openKeyChange,
  openNote,
  openUnderPolicy,
  parseCheckpoint,
  parseNote,
  parsePolicy,
  parseTlogProof,
  parseVerifierKey,
  signatureLine,
  signCheckpoint,
  signKeyChange,
  signNote,
  verifierKey,
  verifyTlogProof,
} from './index.ts'

const verifyEd25519: VerifyEd25519 = (publicKey, message, signature) => {
  try {
    return ed25519.verify(signature, message, publicKey)
  } catch {
    return false // noble throws on points that are none
  }
}

function signer(name: string, seed: number, algorithm: KeyAlgorithm = 'ed25519'): NoteSigner {
  const secret = new Uint8Array(32).fill(seed)
  return {
    key: verifierKey(sha256, name, ed25519.getPublicKey(secret), algorithm),
    sign: (message) => ed25519.sign(message, secret),
  }
}

const origin = 'trailproof.invalid/7f3a/main'
const log = signer(origin, 1)
const next = signer(origin, 2)
const witness = signer('witness.example/w1', 3, 'cosignature/v1')
const root = new Uint8Array(32).fill(9)
const note = signCheckpoint({ origin, size: 12, root }, [log])

function cosign(signed: string, by: NoteSigner, time: number): string {
  const parsed = parseNote(signed)
  const text = parsed.kind === 'note' ? parsed.text : ''
  return signed + signatureLine(by.key, cosignatureBlob(time, by.sign(cosignatureMessage(time, text))))
}

test('a checkpoint opens with its key and reads back', () => {
  const opened = openCheckpoint(note, [log.key], verifyEd25519)
  expect(opened).toEqual({ kind: 'checkpoint', origin, size: 12, root, signedBy: [log.key], cosignedBy: [] })
  expect(note.split('\n').slice(0, 4)).toEqual([origin, '12', encodeBase64(root), ''])
})

test('a checkpoint of another key, and another log’s key, is unsigned', () => {
  expect(openCheckpoint(note, [next.key], verifyEd25519).kind).toBe('unsigned')
  expect(openCheckpoint(note, [], verifyEd25519).kind).toBe('unsigned')
  const other = signer('trailproof.invalid/7f3a/other', 1)
  const borrowed = signNote(formatCheckpoint({ origin, size: 12, root }), [other])
  expect(openCheckpoint(borrowed, [other.key], verifyEd25519).kind).toBe('unsigned')
  expect(() => signCheckpoint({ origin, size: 12, root }, [other])).toThrow(RangeError)
})

test('during a key change either key opens', () => {
  const both = signCheckpoint({ origin, size: 12, root }, [log, next])
  for (const key of [log.key, next.key])
    expect(openCheckpoint(both, [key], verifyEd25519).kind).toBe('checkpoint')
})

test('cosignatures are verified with their time', () => {
  const cosigned = cosign(note, witness, 1_763_716_800)
  const opened = openCheckpoint(cosigned, [log.key, witness.key], verifyEd25519)
  expect(opened).toMatchObject({ cosignedBy: [{ key: witness.key, time: 1_763_716_800 }] })
  const forged =
    note + signatureLine(witness.key, cosignatureBlob(5, witness.sign(cosignatureMessage(6, note))))
  expect(openCheckpoint(forged, [log.key, witness.key], verifyEd25519).kind).toBe('problem')
})

test('unknown lines are ignored, a bad line under a known key rejects the note', () => {
  const strangers = Array.from({ length: 62 }, (_, i) =>
    signatureLine(signer(`stranger-${i}`, i).key, new Uint8Array(2420)),
  )
  expect(openNote(note + strangers.join(''), [log.key], verifyEd25519)).toMatchObject({
    kind: 'note',
    unknown: 62,
  })
  const bad = note + signatureLine(next.key, new Uint8Array(64))
  expect(openNote(bad, [log.key], verifyEd25519)).toMatchObject({ kind: 'note', unknown: 1 })
  expect(openNote(bad, [log.key, next.key], verifyEd25519).kind).toBe('problem')
  expect(openNote(note + signatureLine(log.key, new Uint8Array(64)), [log.key], verifyEd25519).kind).toBe(
    'problem',
  )
})

test('any flipped character of a signed note is noticed', () => {
  fc.assert(
    fc.property(fc.nat(note.length - 1), fc.integer({ min: 1, max: 127 }), (at, by) => {
      const flipped = note.slice(0, at) + String.fromCharCode(note.charCodeAt(at) ^ by) + note.slice(at + 1)
      expect(openCheckpoint(flipped, [log.key], verifyEd25519).kind).not.toBe('checkpoint')
    }),
  )
})

test.each([
  ['nothing', ''],
  ['no signatures', `${origin}\n12\n${encodeBase64(root)}\n\n`],
  ['no empty line', note.replace('\n\n', '\n')],
  ['no last newline', note.slice(0, -1)],
  ['a carriage return', note.replace('\n', '\r\n')],
  ['a lone surrogate', note.replace('main', 'ma\ud800in')],
  ['a hyphen for the dash', note.replace('\u2014', '-')],
  ['two spaces', note.replace('\u2014 ', '\u2014  ')],
  ['a trailing space', note.replace(/\n$/, ' \n')],
  ['a signature that is only a key id', `${note}\u2014 a AAAAAA==\n`],
  ['loose base64', `${note}\u2014 a AAAAAAB=\n`],
  ['65 lines', note + `\u2014 a AAAAAAA=\n`.repeat(64)],
  ['a megabyte', `${'a'.repeat(1_000_000)}\n\n\u2014 a AAAAAAA=\n`],
])('refuses a note with %s', (_, text) => {
  expect(parseNote(text).kind).toBe('problem')
})

test.each([
  ['an extension line', `${origin}\n12\n${encodeBase64(root)}\nmore\n`],
  ['a missing root', `${origin}\n12\n`],
  ['a leading zero', `${origin}\n012\n${encodeBase64(root)}\n`],
  ['a sign', `${origin}\n+12\n${encodeBase64(root)}\n`],
  ['a size of 2^53', `${origin}\n9007199254740992\n${encodeBase64(root)}\n`],
  ['a short root', `${origin}\n12\n${encodeBase64(root.subarray(1))}\n`],
  ['an empty origin', `\n12\n${encodeBase64(root)}\n`],
  ['a space in the origin', `a b\n12\n${encodeBase64(root)}\n`],
])('refuses a checkpoint with %s', (_, text) => {
  expect(parseCheckpoint(text).kind).toBe('problem')
})

test('the largest size is 2^53 - 1', () => {
  const text = formatCheckpoint({ origin, size: Number.MAX_SAFE_INTEGER, root })
  expect(parseCheckpoint(text)).toMatchObject({ size: 9_007_199_254_740_991 })
})

test('verifier keys return, also when their base64 contains +', () => {
  let withPlus = 0
  for (let seed = 0; seed < 60; seed++) {
    const { key } = signer('example.com/log', seed)
    const text = formatVerifierKey(key)
    if (text.split('+').length > 3) withPlus++
    expect(parseVerifierKey(text, sha256)).toEqual({ kind: 'verifier-key', key })
  }
  expect(withPlus).toBeGreaterThan(0)
})

const vkey = formatVerifierKey(log.key)
test.each([
  '',
  '+',
  '++',
  'a+b',
  vkey.replace('+', ' '),
  vkey.toUpperCase(),
  vkey.slice(0, -4),
  `${vkey}\n`,
  `x${vkey}`,
])('refuses %j as a verifier key', (text) => expect(parseVerifierKey(text, sha256).kind).toBe('problem'))

test('a key change is signed by both keys of one origin', () => {
  const statement = signKeyChange(log, next)
  expect(openKeyChange(statement, sha256, verifyEd25519)).toEqual({
    kind: 'key-change',
    origin,
    oldKey: log.key,
    newKey: next.key,
  })
  const lines = statement.trimEnd().split('\n')
  expect(openKeyChange(`${lines.slice(0, -1).join('\n')}\n`, sha256, verifyEd25519).kind).toBe('problem')
  expect(openKeyChange(note, sha256, verifyEd25519).kind).toBe('problem')
  expect(openKeyChange(signKeyChange(log, log), sha256, verifyEd25519).kind).toBe('problem')
})

const w = [11, 12, 13].map((seed) => signer(`w${seed}.example`, seed, 'cosignature/v1'))
const [w1, w2, w3] = w.map(({ key }) => formatVerifierKey(key)) as [string, string, string]
const policyText = `# ours\nlog ${vkey} https://log.example/\n\twitness a ${w1}\nwitness b ${w2}\nwitness c ${w3}\ngroup two 2 a b c\nquorum two\n`

function policyOf(text: string): Policy {
  const parsed = parsePolicy(text, sha256)
  if (parsed.kind === 'problem') throw new Error(parsed.problem)
  return parsed.policy
}

test('a policy needs its log and its quorum', () => {
  const policy = policyOf(policyText)
  const one = cosign(note, w[0]!, 5)
  expect(openUnderPolicy(one, policy, verifyEd25519)).toMatchObject({ kind: 'problem' })
  expect(openUnderPolicy(cosign(one, w[0]!, 6), policy, verifyEd25519)).toMatchObject({ kind: 'problem' })
  expect(openUnderPolicy(cosign(one, w[2]!, 6), policy, verifyEd25519)).toMatchObject({ kind: 'checkpoint' })
})

test.each([
  ['no quorum', `log ${vkey}\n`],
  ['two quorums', 'quorum none\nquorum none\n'],
  ['an unknown keyword', 'quorum none\nlogs x\n'],
  ['a witness key as a log', `log ${w1}\nquorum none`],
  ['a log key as a witness', `witness a ${vkey}\nquorum none`],
  ['one log twice', `log ${vkey}\nlog ${vkey}\nquorum none`],
  ['one witness under two names', `witness a ${w1}\nwitness b ${w1}\nquorum none`],
  ['one name twice', `witness a ${w1}\nwitness a ${w2}\nquorum none`],
  ['the name none', `witness none ${w1}\nquorum none`],
  ['a member defined below', `group g any a\nwitness a ${w1}\nquorum g`],
  ['a member of two groups', `witness a ${w1}\ngroup g any a\ngroup h any a\nquorum g`],
  ['none as a member', `group g any none\nquorum g`],
  ['a threshold of zero', `witness a ${w1}\ngroup g 0 a\nquorum g`],
  ['a threshold above n', `witness a ${w1}\ngroup g 2 a\nquorum g`],
  ['an empty group', 'group g all\nquorum g'],
  ['a carriage return', 'quorum none\r\n'],
])('refuses a policy with %s', (_, text) => {
  expect(parsePolicy(text, sha256).kind).toBe('problem')
})

test('a tlog-proof stands alone', () => {
  const leaves = [encodeUtf8('one'), encodeUtf8('two')].map((leaf) => leafHash(sha256, leaf))
  const checkpoint = signCheckpoint({ origin, size: 2, root: nodeHash(sha256, leaves[0]!, leaves[1]!) }, [
    log,
  ])
  const policy = { logs: [log.key], witnesses: [], quorum: { kind: 'none' } } as const
  const text = formatTlogProof({ index: 1, proof: [leaves[0]!], checkpoint, extra: encodeUtf8('hint') })
  expect(parseTlogProof(text)).toMatchObject({
    kind: 'tlog-proof',
    index: 1,
    checkpoint,
    extra: encodeUtf8('hint'),
  })
  const judge = (proof: string, leaf: string) =>
    verifyTlogProof(proof, encodeUtf8(leaf), policy, sha256, verifyEd25519).kind
  expect(judge(text, 'two')).toBe('included')
  expect(judge(text, 'one')).toBe('problem')
  expect(judge(text.replace('index 1', 'index 0'), 'two')).toBe('problem')
  expect(judge(text.replace('index 1', 'index 01'), 'two')).toBe('problem')
  expect(judge(text.replace('extra ', 'extra!'), 'two')).toBe('problem')
  expect(judge(text.replace('@v1', '@v2'), 'two')).toBe('problem')
  expect(
    verifyTlogProof(text, encodeUtf8('two'), { ...policy, logs: [next.key] }, sha256, verifyEd25519).kind,
  ).toBe('problem')
})

test('no text makes a parser throw', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\n',
      '\n\n',
      '\u2014 ',
      ' ',
      '+',
      'index 0',
      'extra ',
      'c2sp.org/tlog-proof@v1\n',
      origin,
      vkey,
      note,
      'quorum ',
      'group g ',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('')
      const kinds = [
        openNote(text, [log.key], verifyEd25519),
        openCheckpoint(text, [log.key], verifyEd25519),
        parseCheckpoint(text),
        parseVerifierKey(text, sha256),
        parsePolicy(text, sha256),
        parseTlogProof(text),
        openKeyChange(text, sha256, verifyEd25519),
      ].map((result) => typeof result.kind)
      expect(new Set(kinds)).toEqual(new Set(['string']))
    }),
  )
})

test('a note under any text and name signs, splits and opens', () => {
  const text = fc
    .string({ unit: 'grapheme', maxLength: 40 })
    .map((value) => `${value.replace(/\p{Cc}/gu, '\n')}\n`)
  fc.assert(
    fc.property(text, (value) => {
      const signed = signNote(value, [log])
      expect(openNote(signed, [log.key], verifyEd25519)).toMatchObject({
        kind: 'note',
        text: value,
        unknown: 0,
      })
      expect(concatBytes(encodeUtf8(value)).length).toBeGreaterThan(0)
    }),
    { numRuns: 30 },
  )
})
