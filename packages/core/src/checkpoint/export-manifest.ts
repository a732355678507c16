/**
 * The statement that ends an export (spec/export.md): which range of which tree it is of, what its first line
 * says, and how much of the range it shows. Signed by the ledger's key, as a note that can be neither a checkpoint
 * nor a key change: those have other lines and fewer.
 */

import { decodeBase64, encodeBase64 } from '../encoding/base64.ts'
import { HASH_BYTES } from '../merkle/hash.ts'
import { EXPORT_FORMAT } from './export-line.ts'
import type { NoteSigner } from './signed-note.ts'
import { openNote, signNote } from './signed-note.ts'
import type { VerifierKey, VerifyEd25519 } from './verifier-key.ts'
import { isKeyName } from './verifier-key.ts'

export interface ExportCounts {
  /** Entries that are in the export with what there is of them. */
  readonly shown: number
  /** Entries that do not match its query: of them there is only their place in the tree. */
  readonly withheld: number
  /** Of those shown: entries whose personal group is gone. */
  readonly erased: number
}

export interface ExportManifest extends ExportCounts {
  readonly origin: string
  /** Of the tree that the range is of, and its root. */
  readonly size: number
  readonly root: Uint8Array
  /** The range: [from, to). */
  readonly from: number
  readonly to: number
  /** SHA-256 of the export's first line, without its newline. */
  readonly headerHash: Uint8Array
  /** Entries added to show by whom content was erased. */
  readonly erasures: number
}

export type OpenedExportManifest =
  | ({ readonly kind: 'manifest' } & ExportManifest)
  /** Well-formed, but no known key of the ledger signed it. */
  | ({ readonly kind: 'unsigned' } & ExportManifest)
  | { readonly kind: 'problem'; readonly problem: string }

/** Every signer's key must be named like the origin; throws RangeError otherwise, and on what cannot be written. */
export function signExportManifest(manifest: ExportManifest, signers: readonly NoteSigner[]): string {
  const stranger = signers.find(({ key }) => key.name !== manifest.origin)
  if (stranger !== undefined) throw new RangeError(`the key ${stranger.key.name} is not the origin's`)
  const text = formatManifest(manifest)
  if (parseManifest(text).kind === 'problem') throw new RangeError('this cannot be said of an export')
  return signNote(text, signers)
}

/** Opens it with the known keys of the ledger; only those that are named like its origin count. */
export function openExportManifest(
  note: string,
  keys: readonly VerifierKey[],
  verifyEd25519: VerifyEd25519,
): OpenedExportManifest {
  const opened = openNote(note, keys, verifyEd25519)
  if (opened.kind === 'problem') return opened
  const parsed = parseManifest(opened.text)
  if (parsed.kind === 'problem') return parsed
  const isSigned = opened.verified.some(
    ({ key }) => key.algorithm === 'ed25519' && key.name === parsed.origin,
  )
  return isSigned ? parsed : { ...parsed, kind: 'unsigned' }
}

function formatManifest(manifest: ExportManifest): string {
  const { origin, size, root, from, to, headerHash, shown, withheld, erased, erasures } = manifest
  const hashes = [encodeBase64(root), encodeBase64(headerHash)] as const
  return `${EXPORT_FORMAT}\n${origin}\n${size}\n${hashes[0]}\n${from} ${to}\n${hashes[1]}\n${shown} ${withheld} ${erased} ${erasures}\n`
}

type ParsedManifest =
  | ({ readonly kind: 'manifest' } & ExportManifest)
  | { readonly kind: 'problem'; readonly problem: string }

function parseManifest(text: string): ParsedManifest {
  const lines = text.split('\n')
  const [header, origin = '', sizeText = '', rootText = '', range = '', hashText = '', counts = '', end] =
    lines
  if (lines.length !== 8 || header !== EXPORT_FORMAT || end !== '')
    return problem('does not have its seven lines')
  if (!isKeyName(origin)) return problem('has an origin that cannot name a key')
  const numbers = [sizeText, ...range.split(' '), ...counts.split(' ')].map(numberOf)
  if (numbers.length !== 7 || range.split(' ').length !== 2 || numbers.includes(-1))
    return problem('has a number that is none')
  const [size, from, to, shown, withheld, erased, erasures] = numbers as [
    ...[number, number, number, number],
    ...[number, number, number],
  ]
  if (from > to || to > size) return problem('has a range that is none')
  if (shown + withheld !== to - from || erased > shown) return problem('has counts that are not of its range')
  const [root, headerHash] = [decodeBase64(rootText), decodeBase64(hashText)]
  if (root?.length !== HASH_BYTES || headerHash?.length !== HASH_BYTES)
    return problem('has a hash that is not 32 bytes in base64')
  return { kind: 'manifest', origin, size, root, from, to, headerHash, shown, withheld, erased, erasures }
}

/** -1 for anything but a plain number up to 2^53 - 1. */
function numberOf(digits: string): number {
  const value = /^(?:0|[1-9][0-9]{0,15})$/.test(digits) ? Number(digits) : -1
  return Number.isSafeInteger(value) ? value : -1
}

function problem(what: string): { kind: 'problem'; problem: string } {
  return { kind: 'problem', problem: `the manifest ${what}` }
}
