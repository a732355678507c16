/**
 * Reads the lines of an export (spec/export.md). Total: whatever a line holds, the answer is what it says or what
 * is wrong with it. Groups are taken from the line as they stand in it, for their exact bytes are what is proven.
 */

import type { Checkpoint, ExportCounts, Sha256 } from '@trailproof/core'
import { decodeBase64, EXPORT_FORMAT, encodeUtf8, isSealedLine, readCheckpoint } from '@trailproof/core'
import type { EvidenceEntry, EvidenceGroup } from './evidence.ts'
import { parseObject } from './group-check.ts'
import { endOfObject } from './raw-json.ts'

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
  /** The personal groups of what is shown are not in the file: whoever exported does not see them. */
  readonly withholdsPersonal: boolean
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
  | ({ readonly kind: 'mark'; readonly index: number } & ExportCounts)
  /** An entry that says by whom others were erased, with its path to a checkpoint: the export's, or a later one. */
  | {
      readonly kind: 'erasure'
      /** They are numbered from 0. */
      readonly number: number
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
  const { format, ledger, from, to, at, query, withholds, checkpoint } = fields
  if (format !== EXPORT_FORMAT || typeof ledger !== 'string' || typeof checkpoint !== 'string')
    return undefined
  const head = readCheckpoint(checkpoint)
  if (head.kind === 'problem' || head.origin.slice(head.origin.lastIndexOf('/') + 1) !== ledger)
    return undefined
  if (!isIndex(from) || !isIndex(to) || from > to || to > head.size) return undefined
  if (typeof at !== 'string' || typeof query !== 'string') return undefined
  if (withholds !== undefined && withholds !== 'personal') return undefined
  return { ledger, checkpoint, head, from, to, at, query, withholdsPersonal: withholds === 'personal' }
}

/** A line without its newline: its bytes, and the text they are. */
export interface LineText {
  readonly bytes: Uint8Array
  readonly text: string
}

export function parseExportLine(line: LineText, sha256: Sha256): ExportLine {
  const { text } = line
  if (text.startsWith('{"index":')) return parseEntry(line, sha256)
  if (text.startsWith('{"erasure":')) return parseErasure(text, sha256)
  const fields = parseObject(text)
  if (fields === undefined) return problem('is not a JSON object, or was cut')
  if ('manifest' in fields) return parseManifestLine(fields)
  if (!isSealedLine(sha256, text)) return problem('was changed: its check is not that of its text')
  if ('from' in fields) return parseWithheld(fields)
  if ('mark' in fields) return parseMark(fields)
  return problem('is of no kind that an export has')
}

const BASE64_SALT = '(?:"([A-Za-z0-9+/=]{24})"|null)'
const ENTRY = new RegExp(
  String.raw`^\{"index":(0|[1-9]\d{0,15}),"recorded_at":"([^"\\]{1,40})","leaf":"([A-Za-z0-9+/=]{120})",` +
    String.raw`"salts":\[${BASE64_SALT},${BASE64_SALT}\],"core":`,
)
const PERSONAL = ',"personal":'

function parseEntry(
  { bytes, text: line }: LineText,
  sha256: Sha256,
): ShownEntry | { kind: 'problem'; problem: string } {
  const found = ENTRY.exec(line)
  if (found === null) return problem('does not begin as an entry does')
  const [begin, index = '', recordedAt = '', leafText = '', coreSalt, personalSalt] = found
  const coreEnd = endOfValue(line, begin.length)
  if (coreEnd < 0 || !line.startsWith(PERSONAL, coreEnd)) return problem('has a core group that does not end')
  const personalAt = coreEnd + PERSONAL.length
  const personalEnd = endOfValue(line, personalAt)
  const isWhole = coreSalt !== undefined && personalSalt !== undefined
  if (personalEnd < 0 || !(isWhole ? line.slice(personalEnd) === '}' : isSealedLine(sha256, line)))
    return problem('does not end as an entry does, or was cut or changed')
  const leaf = decodeBase64(leafText)
  if (leaf === undefined) return problem('has a leaf that is not base64')
  const isAscii = bytes.length === line.length // no character takes fewer bytes than it has UTF-16 units
  const bytesOf = (from: number, to: number): Uint8Array =>
    isAscii ? bytes.subarray(from, to) : encodeUtf8(line.slice(from, to))
  const core = groupOf(bytesOf(begin.length, coreEnd), coreSalt)
  const personal = groupOf(bytesOf(personalAt, personalEnd), personalSalt)
  if (core === undefined || personal === undefined)
    return problem('has a group without a salt, or a salt without one')
  return { kind: 'entry', index: Number(index), recordedAt, leaf, core, personal }
}

/** Where an object or `null` that begins at `at` ends; -1 when it does not. */
function endOfValue(line: string, at: number): number {
  return line.startsWith('null', at) ? at + 4 : endOfObject(line, at)
}

const OPEN = 0x7b

/** `null` or an object: nothing else comes out of `endOfValue`. */
function groupOf(bytes: Uint8Array, saltText: string | undefined): EvidenceGroup | undefined {
  if (bytes[0] !== OPEN) return saltText === undefined ? { kind: 'erased' } : undefined
  const salt = saltText === undefined ? undefined : decodeBase64(saltText)
  return salt && { kind: 'present', bytes, salt }
}

const ERASURE = /^\{"erasure":(0|[1-9]\d{0,15}),"entry":/

function parseErasure(line: string, sha256: Sha256): ExportLine {
  const [begin = '', number = ''] = ERASURE.exec(line) ?? []
  if (begin === '') return problem('does not begin as an erasure does')
  const at = begin.length
  const end = endOfObject(line, at)
  const text = line.slice(at, Math.max(at, end))
  const entry = parseEntry({ bytes: encodeUtf8(text), text }, sha256)
  if (entry.kind === 'problem') return entry
  const { proof, checkpoint } = parseObject(`{${line.slice(end + 1)}`) ?? {}
  const hashes = hashesOf(proof)
  if (hashes === undefined || line[end] !== ',') return problem('has no path of the erasure, or was cut')
  if (checkpoint !== null && typeof checkpoint !== 'string')
    return problem('has a checkpoint that is no text')
  return {
    kind: 'erasure',
    number: Number(number),
    entry,
    proof: hashes,
    checkpoint: checkpoint ?? undefined,
  }
}

type Fields = Readonly<Record<string, unknown>>

function parseWithheld({ from, to, hashes: texts }: Fields): ExportLine {
  const hashes = hashesOf(texts)
  if (!isIndex(from) || !isIndex(to) || from >= to || hashes === undefined)
    return problem('does not say which entries are withheld')
  return { kind: 'withheld', from, to, hashes }
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
