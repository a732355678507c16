/** Judges an export by itself, without a server (spec/export.md). */

import type { ExportCounts, VerifierKey } from '@trailproof/core'
import {
  CompactRange,
  decodeLeaf,
  encodeBase64,
  encodeUtf8,
  equalBytes,
  leafHash,
  openExportManifest,
  readCheckpoint,
  verifyInclusion,
} from '@trailproof/core'
import { EntryCheck } from './entry-check.ts'
import type { Cancellation, Primitives } from './evidence.ts'
import type { ExportFilter } from './export-filter.ts'
import { exportFilter } from './export-filter.ts'
import type { ExportHeader, ExportLine, ShownEntry } from './export-lines.ts'
import { parseExportHeader, parseExportLine } from './export-lines.ts'
import type { ExportReport } from './export-report.ts'
import { ExportFindings } from './export-report.ts'
import { LedgerKeys } from './ledger-keys.ts'
import { isSameTime } from './receipt.ts'
import type { IndexRange, Unproven } from './report.ts'
import { verdictOf } from './report.ts'

export interface VerifyExportOptions extends Primitives {
  /** Keys the caller trusts; changes recorded in the export are followed from them. Without any: `unproven`. */
  readonly verifierKeys: readonly VerifierKey[]
  /** Checked with each line; aborting rejects with its reason. */
  readonly signal?: Cancellation
  readonly onProgress?: (progress: { readonly checked: number; readonly range: IndexRange }) => void
}

/**
 * Reads the lines once, without their newlines; memory does not grow with them beyond the number of separate erased
 * ranges. Never rejects for what the lines say; rejects when aborted, and with what reading them rejects with.
 */
export async function verifyExport(
  lines: AsyncIterable<string>,
  options: VerifyExportOptions,
): Promise<ExportReport> {
  let judge: ExportJudge | undefined
  for await (const line of lines) {
    options.signal?.throwIfAborted()
    if (judge === undefined) {
      const header = parseExportHeader(line)
      if (header === undefined) return reportWithoutHeader('the first line is not that of an export')
      judge = new ExportJudge(line, header, options)
    } else judge.take(line)
  }
  return judge?.finish() ?? reportWithoutHeader('the file is empty')
}

type Erasure = Extract<ExportLine, { kind: 'erasure' }>
type Manifest = Extract<ExportLine, { kind: 'manifest' }>

/** Newer checkpoints than the export's that erasures may be in: a server shows one. */
const LATER_CHECKPOINTS_MAX = 16
const PROGRESS_ENTRIES = 1024

class ExportJudge {
  readonly #headerLine: string
  readonly #header: ExportHeader
  readonly #options: VerifyExportOptions
  readonly #findings = new ExportFindings()
  readonly #unproven: Unproven[] = []
  readonly #keys: LedgerKeys
  readonly #entries: EntryCheck
  readonly #filter: ExportFilter
  readonly #range: CompactRange
  readonly #counts = { shown: 0, withheld: 0, erased: 0, erasures: 0 }
  readonly #laterCheckpoints = new Map<string, number>()
  /** A line is damaged or not in its place: what follows cannot be put in its own. */
  #isLost = false
  #manifest: { readonly line: number; readonly parsed: Manifest } | undefined

  constructor(headerLine: string, header: ExportHeader, options: VerifyExportOptions) {
    this.#headerLine = headerLine
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

  take(text: string): void {
    this.#findings.line++
    const line = parseExportLine(text, this.#options.sha256)
    if (this.#manifest !== undefined)
      return this.#lose('line', 'the line follows the manifest, which is the last')
    if (line.kind === 'manifest') {
      if (this.#range.end < this.#header.to) this.#misplaced('the manifest')
      this.#manifest = { line: this.#findings.line, parsed: line }
    } else if (!this.#isLost) this.#place(line)
  }

  #place(line: Exclude<ExportLine, Manifest>): void {
    const { to } = this.#header
    switch (line.kind) {
      case 'problem':
        return this.#lose('line', line.problem)
      case 'entry':
        if (line.index !== this.#range.end || line.index >= to) return this.#misplaced(`entry ${line.index}`)
        return this.#entry(line)
      case 'withheld':
        if (line.from !== this.#range.end || line.to > to)
          return this.#misplaced(`what stands for entries ${line.from} to ${line.to - 1}`)
        if (!this.#range.appendSubtrees(line.to, line.hashes))
          return this.#lose('line', `not the hashes that entries ${line.from} to ${line.to - 1} have`)
        if (this.#header.query === '')
          this.#findings.add(line.from, 'filter', 'entries are withheld from an export of all of them')
        this.#counts.withheld += line.to - line.from
        return
      case 'mark':
        return this.#mark(line)
      case 'erasure':
        if (this.#range.end < to) return this.#misplaced(`the erasure at entry ${line.entry.index}`)
        return this.#erasure(line)
    }
  }

  #entry(entry: ShownEntry): void {
    const { index } = entry
    const { sha256, onProgress } = this.#options
    const before = this.#findings.count
    this.#entries.check(index, entry)
    const leaf = decodeLeaf(entry.leaf)
    if (leaf.kind === 'leaf' && !isSameTime(entry.recordedAt, leaf.recordedAtUs))
      this.#findings.addAltered(index, 'leaf', 'the recorded_at beside the leaf is not the one in it')
    if (leaf.kind === 'leaf' && this.#findings.count === before && this.#filter.kind === 'filter')
      if (!this.#filter.matches(entry, leaf))
        this.#findings.add(index, 'filter', 'the entry is shown, and does not match the query')
    this.#range.appendLeaf(leafHash(sha256, entry.leaf))
    this.#counts.shown++
    if (entry.personal.kind === 'erased') this.#counts.erased++
    if (this.#range.end % PROGRESS_ENTRIES === 0)
      onProgress?.({ checked: this.#range.end - this.#header.from, range: this.#header })
  }

  #mark({ index, shown, withheld, erased }: ExportLine & ExportCounts & { readonly index: number }): void {
    if (index !== this.#range.end) return this.#misplaced(`the mark of entry ${index}`)
    const difference = countsDiffer({ shown, withheld, erased }, this.#counts)
    if (difference !== undefined) this.#findings.add(index, 'line', `the mark ${difference}`)
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
    this.#entries.checkApart(index, entry)
    this.#counts.erasures++
    if (checkpoint === undefined || this.#laterCheckpoints.has(checkpoint)) return
    if (this.#laterCheckpoints.size < LATER_CHECKPOINTS_MAX)
      this.#laterCheckpoints.set(checkpoint, this.#findings.line)
    else this.#findings.add(index, 'checkpoint', 'the erasures rest on too many checkpoints')
  }

  #misplaced(what: string): void {
    const { end } = this.#range
    const expected = end < this.#header.to ? `entry ${end}` : 'the manifest'
    this.#lose('missing', `${expected} is missing: in its place is ${what}`)
  }

  #lose(step: 'line' | 'missing', detail: string): void {
    if (!this.#isLost) this.#findings.add(this.#range.end, step, detail)
    this.#isLost = true
  }

  finish(): ExportReport {
    const { from, to, head, ledger, at, query } = this.#header
    if (this.#manifest === undefined) this.#findings.line++
    if (this.#manifest === undefined && !this.#isLost) {
      const next = this.#range.end < to ? `entry ${this.#range.end}` : 'the manifest'
      this.#findings.add(this.#range.end, 'missing', `the file was cut before ${next}`)
    }
    // An entry behind the range may be the erasure that would account for what is gone.
    const content = this.#entries.finish(to, Number.MAX_SAFE_INTEGER)
    this.#unproven.push(...content.unproven)
    this.#judgeSignatures()
    if (this.#manifest !== undefined && !this.#isLost) this.#judgeRoot(this.#manifest)
    const { shown, withheld, erased } = this.#counts
    const { first, count } = this.#findings
    return {
      verdict: verdictOf(count > 0, this.#unproven.length > 0, content.erased.length > 0),
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
      unproven: this.#unproven,
    }
  }

  #judgeSignatures(): void {
    const { head, checkpoint, from } = this.#header
    const { verifierKeys } = this.#options
    if (verifierKeys.length === 0)
      this.#unproven.push({
        what: 'checkpoint',
        detail: 'no verifier key was given, so nobody’s word is behind this',
      })
    this.#judgeCheckpoint(1, from, checkpoint, head.size)
    for (const [note, line] of this.#laterCheckpoints) {
      const parsed = readCheckpoint(note)
      if (parsed.kind === 'checkpoint') this.#judgeCheckpoint(line, this.#header.to, note, parsed.size)
    }
    if (this.#manifest !== undefined) this.#judgeManifest(this.#manifest.line, this.#manifest.parsed)
  }

  #judgeCheckpoint(line: number, index: number, note: string, size: number): void {
    const opened = this.#keys.open(note, size)
    if (opened.kind === 'problem') this.#findings.addAt(line, index, 'checkpoint', opened.problem)
    if (opened.kind === 'unsigned' && this.#options.verifierKeys.length > 0)
      this.#findings.addAt(line, index, 'checkpoint', `no key in force at size ${size} signed the checkpoint`)
  }

  #judgeManifest(line: number, { manifest: note }: Manifest): void {
    const { head, from, to } = this.#header
    const { sha256, verifyEd25519, verifierKeys } = this.#options
    const bad = (detail: string): void => this.#findings.addAt(line, to, 'manifest', detail)
    const said = openExportManifest(note, this.#keys.inForce(head.size), verifyEd25519)
    if (said.kind === 'problem') return bad(said.problem)
    if (said.origin !== head.origin) return bad(`the manifest is of another ledger, ${said.origin}`)
    if (said.kind === 'unsigned' && verifierKeys.length > 0)
      return bad(`no key in force at size ${head.size} signed the manifest`)
    if (!equalBytes(said.headerHash, sha256(encodeUtf8(this.#headerLine))))
      return this.#findings.addAt(
        1,
        from,
        'header',
        'the first line is not the one the manifest was signed for',
      )
    if (said.size !== head.size || said.from !== from || said.to !== to || !equalBytes(said.root, head.root))
      return bad('the manifest is of another range or tree than the first line')
    if (this.#isLost) return
    const difference = countsDiffer(said, this.#counts)
    if (difference !== undefined) bad(`the manifest ${difference}`)
    if (said.erasures !== this.#counts.erasures)
      bad(
        `the manifest counts ${said.erasures} erasures after the range, the file has ${this.#counts.erasures}`,
      )
  }

  #judgeRoot({
    line,
    parsed: { before, after },
  }: {
    readonly line: number
    readonly parsed: Manifest
  }): void {
    const { from, to, head } = this.#header
    const whole = new CompactRange(this.#options.sha256, 0)
    const fits =
      whole.appendSubtrees(from, before) &&
      whole.appendSubtrees(to, this.#range.hashes) &&
      whole.appendSubtrees(head.size, after)
    if (!fits) return this.#findings.addAt(line, to, 'manifest', 'not the hashes that stand beside the range')
    if (equalBytes(whole.root(), head.root) || this.#findings.hasAltered) return
    const detail = 'the range does not give the signed root, and nothing says which line is wrong'
    this.#findings.addAt(line, from, 'root', detail)
  }
}

function countsDiffer(said: ExportCounts, found: ExportCounts): string | undefined {
  for (const name of ['shown', 'withheld', 'erased'] as const)
    if (said[name] !== found[name]) return `counts ${said[name]} ${name}, the file has ${found[name]}`
  return undefined
}

function reportWithoutHeader(detail: string): ExportReport {
  return {
    verdict: 'broken',
    ledger: '',
    origin: '',
    size: 0,
    root: '',
    range: { from: 0, to: 0 },
    at: '',
    query: '',
    shown: 0,
    withheld: 0,
    erased: 0,
    firstBad: { line: 1, index: 0, step: 'header', detail },
    badCount: 1,
    erasedRanges: [],
    unproven: [],
  }
}
