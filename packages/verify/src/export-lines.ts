/**
 * Reads the lines of an export (spec/export.md). Total: whatever a line holds, the answer is what it says or what
 * is wrong with it. Groups are taken from the line as they stand in it, for their exact bytes are what is proven.
 */

import type { Checkpoint, Sha256 } from '@trailproof/core'
import { concatBytes, decodeBase64, encodeHex, encodeUtf8, readCheckpoint } from '@trailproof/core'
import type { EvidenceEntry, EvidenceGroup } from './evidence.ts'
import { parseObject } from './group-check.ts'
import { endOfObject } from './raw-json.ts'

export const EXPORT_FORMAT = 'trailproof/v1/export'

export interface ExportHeader {
  readonly ledger: string
  /** A signed note: the tree that the range is of. */
  readonly checkpoint: string
  /** What the checkpoint says, before anybody's word for it. */
  readonly head: Checkpoint
  /** The entries [from, to). */
  readonly from: number
  readonly to: number
  /** RFC 3339: when the export began; what `last:15m` in the query counts back from. */
  readonly at: string
  /** What entries had to match to be shown; '' for all of them. */
  readonly query: string
}

export interface ShownEntry extends EvidenceEntry {
  readonly kind: 'entry'
  readonly index: number
  readonly recordedAt: string
}

export type ExportLine =
  | ShownEntry
  | {
      readonly kind: 'withheld'
      readonly from: number
      readonly to: number
      readonly hashes: readonly Uint8Array[]
    }
  | {
      readonly kind: 'mark'
      readonly index: number
      readonly shown: number
      readonly withheld: number
      readonly erased: number
    }
  /** An entry that says by whom others were erased, with its path to a checkpoint: the export's, or a later one. */
  | {
      readonly kind: 'erasure'
      readonly entry: ShownEntry
      readonly proof: readonly Uint8Array[]
      readonly checkpoint: string | undefined
    }
  | {
      readonly kind: 'manifest'
      readonly manifest: string
      readonly before: readonly Uint8Array[]
      readonly after: readonly Uint8Array[]
    }
  | { readonly kind: 'problem'; readonly problem: string }

/** Undefined when the first line is not that of an export. */
export function parseExportHeader(line: string): ExportHeader | undefined {
  const fields = parseObject(line) ?? {}
  const { format, ledger, from, to, at, query, checkpoint } = fields
  if (format !== EXPORT_FORMAT || typeof ledger !== 'string' || typeof checkpoint !== 'string')
    return undefined
  const head = readCheckpoint(checkpoint)
  if (head.kind === 'problem' || head.origin.slice(head.origin.lastIndexOf('/') + 1) !== ledger)
    return undefined
  if (!isIndex(from) || !isIndex(to) || from > to || to > head.size) return undefined
  if (typeof at !== 'string' || typeof query !== 'string') return undefined
  return { ledger, checkpoint, head, from, to, at, query }
}

export function parseExportLine(line: string, sha256: Sha256): ExportLine {
  if (line.startsWith('{"index":')) return parseEntry(line)
  if (line.startsWith('{"entry":')) return parseErasure(line)
  const fields = parseObject(line)
  if (fields === undefined) return problem('is not a JSON object, or was cut')
  if ('from' in fields) return parseWithheld(fields, sha256)
  if ('mark' in fields) return parseMark(fields)
  if ('manifest' in fields) return parseManifestLine(fields)
  return problem('is of no kind that an export has')
}

const BASE64_SALT = '(?:"([A-Za-z0-9+/=]{24})"|null)'
const ENTRY = new RegExp(
  String.raw`^\{"index":(0|[1-9]\d{0,15}),"recorded_at":"([^"\\]{1,40})","leaf":"([A-Za-z0-9+/=]{120})",` +
    String.raw`"salts":\[${BASE64_SALT},${BASE64_SALT}\],"core":`,
)
const PERSONAL = ',"personal":'

function parseEntry(line: string): ShownEntry | { kind: 'problem'; problem: string } {
  const found = ENTRY.exec(line)
  if (found === null) return problem('does not begin as an entry does')
  const [begin, index = '', recordedAt = '', leafText = '', coreSalt, personalSalt] = found
  const coreEnd = endOfValue(line, begin.length)
  if (coreEnd < 0 || !line.startsWith(PERSONAL, coreEnd)) return problem('has a core group that does not end')
  const personalAt = coreEnd + PERSONAL.length
  const personalEnd = endOfValue(line, personalAt)
  if (personalEnd < 0 || line.slice(personalEnd) !== '}')
    return problem('does not end as an entry does, or was cut')
  const leaf = decodeBase64(leafText)
  if (leaf === undefined) return problem('has a leaf that is not base64')
  const core = groupOf(line.slice(begin.length, coreEnd), coreSalt)
  const personal = groupOf(line.slice(personalAt, personalEnd), personalSalt)
  if (core === undefined || personal === undefined)
    return problem('has a group without a salt, or a salt without one')
  return { kind: 'entry', index: Number(index), recordedAt, leaf, core, personal }
}

/** Where an object or `null` that begins at `at` ends; -1 when it does not. */
function endOfValue(line: string, at: number): number {
  return line.startsWith('null', at) ? at + 4 : endOfObject(line, at)
}

function groupOf(text: string, saltText: string | undefined): EvidenceGroup | undefined {
  if (text === 'null') return saltText === undefined ? { kind: 'erased' } : undefined
  const salt = saltText === undefined ? undefined : decodeBase64(saltText)
  return salt && { kind: 'present', bytes: encodeUtf8(text), salt }
}

function parseErasure(line: string): ExportLine {
  const at = '{"entry":'.length
  const end = endOfObject(line, at)
  const entry = parseEntry(line.slice(at, Math.max(at, end)))
  if (entry.kind === 'problem') return entry
  const { proof, checkpoint } = parseObject(`{${line.slice(end + 1)}`) ?? {}
  const hashes = hashesOf(proof)
  if (hashes === undefined) return problem('has no path of the erasure, or was cut')
  if (checkpoint !== null && typeof checkpoint !== 'string')
    return problem('has a checkpoint that is no text')
  return { kind: 'erasure', entry, proof: hashes, checkpoint: checkpoint ?? undefined }
}

type Fields = Readonly<Record<string, unknown>>

function parseWithheld({ from, to, hashes: texts, check }: Fields, sha256: Sha256): ExportLine {
  const hashes = hashesOf(texts)
  if (!isIndex(from) || !isIndex(to) || from >= to || hashes === undefined)
    return problem('does not say which entries are withheld')
  if (check !== checkOf(hashes, sha256)) return problem('was changed: its check is not that of its hashes')
  return { kind: 'withheld', from, to, hashes }
}

/** What makes a slip of a byte show in its line; whoever forges hashes can forge this too. */
function checkOf(hashes: readonly Uint8Array[], sha256: Sha256): string {
  return encodeHex(sha256(concatBytes(...hashes)).subarray(0, 4))
}

function parseMark({ mark: index, shown, withheld, erased }: Fields): ExportLine {
  if (!isIndex(index) || !isIndex(shown) || !isIndex(withheld) || !isIndex(erased))
    return problem('is a mark without numbers')
  return { kind: 'mark', index, shown, withheld, erased }
}

function parseManifestLine({ manifest, before: left, after: right }: Fields): ExportLine {
  const [before, after] = [hashesOf(left), hashesOf(right)]
  if (typeof manifest !== 'string' || !before || !after) return problem('is not a whole manifest')
  return { kind: 'manifest', manifest, before, after }
}

/** More than a range or a path can have. */
const HASHES_MAX = 128

function hashesOf(value: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length > HASHES_MAX) return undefined
  const hashes = value.map((text: unknown) => (typeof text === 'string' ? decodeBase64(text) : undefined))
  return hashes.every((hash) => hash?.length === 32) ? (hashes as Uint8Array[]) : undefined // none is undefined
}

function isIndex(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function problem(what: string): { kind: 'problem'; problem: string } {
  return { kind: 'problem', problem: `the line ${what}` }
}
