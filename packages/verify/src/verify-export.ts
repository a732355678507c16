/** Judges an export by itself, without a server (spec/export.md). */

import type { Leaf, VerifierKey } from '@trailproof/core'
import {
  CompactRange,
  decodeUtf8,
  EXPORT_MARK_ENTRIES,
  encodeBase64,
  leafHash,
  readCheckpoint,
  verifyInclusion,
} from '@trailproof/core'
import { linesOf } from './byte-lines.ts'
import { EntryCheck } from './entry-check.ts'
import type { Cancellation, EvidenceSource, Primitives } from './evidence.ts'
import type { ExportFilter } from './export-filter.ts'
import { exportFilter } from './export-filter.ts'
import type { ExportHeader, ExportLine, LineText, ShownEntry } from './export-lines.ts'
import { parseExportHeader, parseExportLine } from './export-lines.ts'
import type { ExportReport } from './export-report.ts'
import { countsDiffer, ExportFindings, reportWithoutHeader } from './export-report.ts'
import type { PlacedManifest } from './export-signatures.ts'
import { judgeExportSignatures } from './export-signatures.ts'
import { LedgerKeys } from './ledger-keys.ts'
import { isSameTime } from './receipt.ts'
import type { IndexRange, Unproven } from './report.ts'
import { verdictOf } from './report.ts'
import { servedNow } from './served-now.ts'

export interface VerifyExportOptions extends Primitives {
  /** Keys the caller trusts; changes recorded in the export are followed from them. Without any: `unproven`. */
  readonly verifierKeys: readonly VerifierKey[]
  /** The ledger as it is served now: the export's tree must be its beginning. */
  readonly source?: EvidenceSource
  /** Checked with each piece; aborting rejects with its reason. */
  readonly signal?: Cancellation
  readonly onProgress?: (progress: { readonly checked: number; readonly range: IndexRange }) => void
}

/** More than any record makes; beyond, it is not an export. */
const LINE_BYTES_MAX = 64 * 2 ** 20

/**
 * Reads the pieces of the file once; memory does not grow with it beyond the number of separate erased ranges. Never
 * rejects for what the file says; rejects when aborted, and with what reading it rejects with.
 */
export async function verifyExport(
  file: AsyncIterable<Uint8Array>,
  options: VerifyExportOptions,
): Promise<ExportReport> {
  let judge: ExportJudge | undefined
  for await (const lines of linesOf(file, LINE_BYTES_MAX)) {
    options.signal?.throwIfAborted()
    for (const bytes of lines ?? [undefined]) {
      const text = bytes && decodeUtf8(bytes)
      const line = bytes && text !== undefined ? { bytes, text } : undefined
      if (judge === undefined) {
        const header = line && parseExportHeader(line.text)
        if (header === undefined) return reportWithoutHeader('the first line is not that of an export')
        judge = new ExportJudge(line!.bytes, header, options)
      } else judge.take(line)
    }
  }
  if (judge === undefined) return reportWithoutHeader('the file is empty')
  if (options.source !== undefined) await judge.against(options.source)
  return judge.finish()
}

type Erasure = Extract<ExportLine, { kind: 'erasure' }>
type Withheld = Extract<ExportLine, { kind: 'withheld' }>
type Mark = Extract<ExportLine, { kind: 'mark' }>

/** Newer checkpoints than the export's that erasures may be in: a server shows one, and one more after a cut. */
const LATER_CHECKPOINTS_MAX = 16

class ExportJudge {
  readonly #headerBytes: Uint8Array
  readonly #header: ExportHeader
  readonly #options: VerifyExportOptions
  readonly #findings = new ExportFindings()
  readonly #unproven: Unproven[] = []
  readonly #keys: LedgerKeys
  readonly #entries: EntryCheck
  readonly #filter: ExportFilter
  readonly #range: CompactRange
  readonly #counts = { shown: 0, withheld: 0, erased: 0, erasures: 0 }
  /** Signed notes, and the line that each was first seen in. */
  readonly #laterCheckpoints = new Map<string, number>()
  #markedAt = -1
  /** A line is damaged or not in its place: what follows cannot be put in its own. */
  #isLost = false
  #manifest: PlacedManifest | undefined

  constructor(headerBytes: Uint8Array, header: ExportHeader, options: VerifyExportOptions) {
    this.#headerBytes = headerBytes
    this.#header = header
    this.#options = options
    this.#findings.line = 1
    this.#keys = new LedgerKeys(options.verifierKeys, options)
    // An id that occurs twice shows where the whole ledger is verified, not in a part of it that is read once.
    const ids = { note: () => undefined }
    this.#entries = new EntryCheck(options.sha256, header.head.origin, this.#findings, ids, this.#keys)
    this.#range = new CompactRange(options.sha256, header.from)
    this.#filter = exportFilter(header)
    if (this.#filter.kind === 'problem') this.#findings.add(header.from, 'header', this.#filter.problem)
  }

  /** Undefined: a line that is not text. */
  take(text: LineText | undefined): void {
    this.#findings.line++
    if (this.#manifest !== undefined)
      return this.#lose('line', 'the line follows the manifest, which is the last')
    if (text === undefined) return this.#lose('line', 'the line is not UTF-8, or longer than any line is')
    const line = parseExportLine(text, this.#options.sha256)
    if (line.kind === 'manifest') {
      if (this.#range.end < this.#header.to) this.#misplaced('the manifest')
      const found = this.#isLost ? undefined : { counts: { ...this.#counts }, hashes: this.#range.hashes }
      this.#manifest = { line: this.#findings.line, parsed: line, found }
    } else if (!this.#isLost) this.#place(line)
  }

  #place(line: Exclude<ExportLine, { kind: 'manifest' }>): void {
    const { to } = this.#header
    const { end } = this.#range
    switch (line.kind) {
      case 'problem':
        return this.#lose('line', line.problem)
      case 'entry':
        if (line.index !== end || end >= to || this.#isMarkDue())
          return this.#misplaced(`entry ${line.index}`)
        return this.#entry(line)
      case 'withheld':
        if (line.from !== end || line.to > to || this.#isMarkDue())
          return this.#misplaced(`what stands for entries ${line.from} to ${line.to - 1}`)
        return this.#withheld(line)
      case 'mark':
        if (line.index !== end || !this.#isMarkDue())
          return this.#misplaced(`the mark of entry ${line.index}`)
        return this.#mark(line)
      case 'erasure':
        if (end < to || line.number !== this.#counts.erasures)
          return this.#misplaced(`erasure ${line.number}, entry ${line.entry.index}`)
        return this.#erasure(line)
    }
  }

  #entry(given: ShownEntry): void {
    const { index } = given
    const entry = this.#header.withholdsPersonal ? withoutPersonal(given) : given
    const before = this.#findings.count
    const leaf = this.#entries.check(index, entry)
    this.#time(entry, leaf)
    if (leaf !== undefined && this.#findings.count === before && this.#filter.kind === 'filter')
      if (!this.#filter.matches(entry, leaf))
        this.#findings.add(index, 'filter', 'the entry is shown, and does not match the query')
    this.#range.appendLeaf(leafHash(this.#options.sha256, entry.leaf))
    this.#counts.shown++
    if (entry.personal.kind === 'erased' || entry.core.kind === 'erased') this.#counts.erased++
  }

  #time({ index, recordedAt }: ShownEntry, leaf: Leaf | undefined): void {
    if (leaf !== undefined && !isSameTime(recordedAt, leaf.recordedAtUs))
      this.#findings.addAltered(index, 'leaf', 'the recorded_at beside the leaf is not the one in it')
  }

  #withheld({ from, to, hashes }: Withheld): void {
    const isWithinMarks =
      Math.floor(from / EXPORT_MARK_ENTRIES) === Math.floor((to - 1) / EXPORT_MARK_ENTRIES)
    if (!isWithinMarks || !this.#range.appendSubtrees(to, hashes))
      return this.#lose('line', `not the hashes that entries ${from} to ${to - 1} have`)
    if (this.#header.query === '')
      this.#findings.add(from, 'filter', 'entries are withheld from an export of all of them')
    this.#counts.withheld += to - from
  }

  /** Whether the next line has to be a mark. */
  #isMarkDue(): boolean {
    const { end } = this.#range
    const { from, to } = this.#header
    return end % EXPORT_MARK_ENTRIES === 0 && end > from && end < to && end !== this.#markedAt
  }

  #mark({ index, ...counts }: Mark): void {
    this.#markedAt = index
    const difference = countsDiffer(counts, this.#counts)
    if (difference !== undefined) this.#findings.add(index, 'line', `the mark ${difference}`)
    this.#options.onProgress?.({ checked: index - this.#header.from, range: this.#header })
  }

  #erasure({ entry, proof, checkpoint }: Erasure): void {
    const { index, leaf } = entry
    const head = checkpoint === undefined ? this.#header.head : readCheckpoint(checkpoint)
    if ('kind' in head && head.kind === 'problem')
      return this.#findings.add(index, 'checkpoint', head.problem)
    const { origin, size, root } = head as ExportHeader['head'] // a checkpoint: the other kind is a problem
    if (origin !== this.#header.head.origin)
      return this.#findings.add(index, 'checkpoint', `the erasure is in another ledger, ${origin}`)
    const claim = { index, size, leafHash: leafHash(this.#options.sha256, leaf), proof, root }
    if (!verifyInclusion(this.#options.sha256, claim))
      return this.#findings.add(index, 'root', 'the path of the erasure does not lead to the checkpoint')
    this.#time(entry, this.#entries.checkApart(index, entry))
    this.#counts.erasures++
    if (checkpoint === undefined || this.#laterCheckpoints.has(checkpoint)) return
    if (this.#laterCheckpoints.size < LATER_CHECKPOINTS_MAX)
      this.#laterCheckpoints.set(checkpoint, this.#findings.line)
    else this.#findings.add(index, 'checkpoint', 'the erasures rest on too many checkpoints')
  }

  #misplaced(what: string): void {
    this.#lose('missing', `${this.#expected()} is missing: in its place is ${what}`)
  }

  #expected(): string {
    const { end } = this.#range
    if (this.#isMarkDue()) return `the mark of entry ${end}`
    return end < this.#header.to ? `entry ${end}` : `erasure ${this.#counts.erasures} or the manifest`
  }

  #lose(step: 'line' | 'missing', detail: string): void {
    if (!this.#isLost) this.#findings.add(this.#range.end, step, detail)
    this.#isLost = true
  }

  /** Call it after the last line. */
  async against(source: EvidenceSource): Promise<void> {
    const { head, from } = this.#header
    const { size } = head
    try {
      const served = await servedNow(source, head, this.#options)
      if (served.kind === 'unknown')
        this.#unproven.push({ what: 'checkpoint', detail: `missing is ${served.detail}` })
      if (served.kind === 'broken') this.#findings.addAt(1, served.index, served.step, served.detail)
      if (served.kind === 'forked')
        this.#findings.addAt(
          1,
          from,
          'fork',
          `two histories are signed: size ${size} of the export is not the beginning of size ${served.size} served now`,
        )
    } catch (error) {
      const detail = `the ledger served now could not be read: ${String(error)}`
      this.#unproven.push({ what: 'checkpoint', detail })
    }
  }

  finish(): ExportReport {
    const { from, to, head, ledger, at, query } = this.#header
    if (this.#manifest === undefined) {
      this.#findings.line++
      this.#lose('missing', `the file was cut before ${this.#expected()}`)
    }
    // An entry behind the range may be the erasure that would account for what is gone.
    const content = this.#entries.finish(to, Number.MAX_SAFE_INTEGER)
    judgeExportSignatures({
      header: this.#header,
      headerBytes: this.#headerBytes,
      laterCheckpoints: this.#laterCheckpoints,
      manifest: this.#manifest,
      keys: this.#keys,
      findings: this.#findings,
      primitives: this.#options,
    })
    const unproven = [...content.unproven, ...this.#unproven]
    if (this.#options.verifierKeys.length === 0)
      unproven.push({
        what: 'checkpoint',
        detail: 'no verifier key was given, so nobody’s word is behind this',
      })
    const { shown, withheld, erased } = this.#counts
    const { first, count } = this.#findings
    return {
      verdict: verdictOf(count > 0, unproven.length > 0, content.erased.length > 0),
      ledger,
      origin: head.origin,
      size: head.size,
      root: encodeBase64(head.root),
      range: { from, to },
      at,
      query,
      shown,
      withheld,
      erased,
      ...(first !== undefined && { firstBad: first }),
      badCount: count,
      erasedRanges: content.erased,
      unproven,
    }
  }
}

/** In the file of who does not see them all personal groups are missing alike, also those that were erased. */
function withoutPersonal(entry: ShownEntry): ShownEntry {
  return entry.personal.kind === 'erased' ? { ...entry, personal: { kind: 'withheld' } } : entry
}
