import { expect, test } from 'vitest'
import {
  log,
  nextLog,
  origin,
  sha256,
  signer,
  verifyEd25519,
} from '../../../../test/ledger-vectors/sample-ledger.ts'
import { openCheckpoint, readCheckpoint } from './checkpoint.ts'
import { type ExportManifest, openExportManifest, signExportManifest } from './export-manifest.ts'
import { openKeyChange } from './key-change.ts'
import { signNote } from './signed-note.ts'

const hash = new Uint8Array(32).fill(7)
const manifest: ExportManifest = {
  origin,
  size: 9,
  root: hash,
  from: 2,
  to: 8,
  headerHash: hash,
  shown: 4,
  withheld: 2,
  erased: 1,
  erasures: 1,
}
const note = signExportManifest(manifest, [log])

test('opens as what was signed, with the ledger’s own key alone', () => {
  expect(openExportManifest(note, [log.key], verifyEd25519)).toEqual({ kind: 'manifest', ...manifest })
  expect(openExportManifest(note, [nextLog.key], verifyEd25519).kind).toBe('unsigned')
  const other = signer('elsewhere.example/main', 1)
  expect(() => signExportManifest(manifest, [other])).toThrow(RangeError)
  expect(openExportManifest(note.replace('\n9\n', '\n8\n'), [log.key], verifyEd25519).kind).toBe('problem')
})

test('is never taken for a checkpoint or a key change, nor one of them for a manifest', () => {
  expect(openCheckpoint(note, [log.key], verifyEd25519).kind).toBe('problem')
  expect(readCheckpoint(note).kind).toBe('problem')
  expect(openKeyChange(note, sha256, verifyEd25519).kind).toBe('problem')
  const checkpoint = signNote(`${origin}\n9\n${Buffer.from(hash).toString('base64')}\n`, [log])
  expect(openExportManifest(checkpoint, [log.key], verifyEd25519).kind).toBe('problem')
})

const text = note.slice(0, note.indexOf('\n\n') + 1)

test.each([
  ['another version', text.replace('/v1/', '/v2/')],
  ['a line more', `${text}more\n`],
  ['a line less', text.split('\n').slice(0, 6).join('\n') + '\n'],
  ['a leading zero', text.replace('\n9\n', '\n09\n')],
  ['a range beyond the size', text.replace('\n2 8\n', '\n2 10\n')],
  ['a range that ends before it begins', text.replace('\n2 8\n', '\n8 2\n')],
  ['counts that are not of the range', text.replace('\n4 2 1 1\n', '\n4 3 1 1\n')],
  ['more erased than shown', text.replace('\n4 2 1 1\n', '\n4 2 5 1\n')],
  ['a count too few', text.replace('\n4 2 1 1\n', '\n4 2 1\n')],
  ['a range of three', text.replace('\n2 8\n', '\n2 8 9\n').replace('\n4 2 1 1\n', '\n4 2 1\n')],
  ['a number above 2^53', text.replace('\n9\n', '\n9007199254740992\n')],
  ['a short hash', text.replace(/\n[^\n]{44}\n2/, '\nAAAA\n2')],
])('refuses %s, whoever signed it', (_, changed) => {
  expect(changed).not.toBe(text)
  expect(openExportManifest(signNote(changed, [log]), [log.key], verifyEd25519).kind).toBe('problem')
})
