/** A block of entries as a piece of an export, made in the reader's thread: filtered, written, counted. */
import type { ExportCounts } from '@trailproof/core'
import { parseQuery } from '@trailproof/core/query'
import type { Seen } from '../access/seen-record.ts'
import { seesWhole } from '../access/sight.ts'
import type { StoredEntry } from '../ledger/ledger-store.ts'
import { readEntry } from '../ledger/read-entry.ts'
import { entryFilter } from '../search/entry-filter.ts'
import { ByteWriter } from './byte-writer.ts'
import { csvRow } from './csv-row.ts'
import { ocsfLine } from './ocsf-event.ts'
import { writeProvenLines } from './proven-lines.ts'

export type ExportFormat = 'ndjson' | 'csv' | 'ocsf'

/** What is the same for every block of an export. */
export interface ExportShape {
  readonly ledger: string
  readonly format: ExportFormat
  /** What entries must match, as text; '' for all of them. */
  readonly query: string
  /** What `last:15m` counts back from, ms since 1970. */
  readonly atMs: number
  /** Of a CSV: the columns after the fixed ones. */
  readonly fields: readonly string[]
  /** What of the personal groups is shown. */
  readonly seen: Seen
}

export interface ExportBlock extends ExportCounts {
  readonly bytes: Uint8Array<ArrayBuffer>
}

export type BlockExporter = (entries: readonly StoredEntry[]) => ExportBlock

/** One for all exports of the thread: a block is written at once. */
const out = new ByteWriter()

/** Compiles the query once for all blocks of an export. */
export function blockExporter(shape: ExportShape): BlockExporter {
  const { ledger, format, query, atMs, fields, seen } = shape
  const matches = query === '' ? undefined : entryFilter(parseQuery(query).filter, atMs)
  // What was destroyed matches nothing, not even what leaves something out; without a query its leaf is shown.
  const isShown = (entry: StoredEntry): boolean =>
    matches === undefined
      ? format === 'ndjson' || entry.core.kind === 'present'
      : entry.core.kind === 'present' && matches(readEntry(entry))
  return (entries) => {
    out.clear() // of what a block left that could not be written to its end
    let counts: ExportCounts
    switch (format) {
      case 'ndjson':
        counts = writeProvenLines(entries, isShown, seesWhole(seen), out)
        break
      case 'csv':
        counts = writeEach(entries, isShown, (entry) =>
          out.text(csvRow(ledger, readEntry(entry), fields, seen)),
        )
        break
      case 'ocsf':
        counts = writeEach(entries, isShown, (entry) => out.text(ocsfLine(ledger, readEntry(entry), seen)))
        break
    }
    return { bytes: out.take(), ...counts }
  }
}

function writeEach(
  entries: readonly StoredEntry[],
  isShown: (entry: StoredEntry) => boolean,
  write: (entry: StoredEntry) => void,
): ExportCounts {
  const shown = entries.filter(isShown)
  for (const entry of shown) write(entry)
  const erased = shown.filter(({ personal }) => personal.kind === 'erased').length
  return { shown: shown.length, withheld: entries.length - shown.length, erased }
}

/** More than may run at once: an exporter is compiled again after it was forgotten, nothing else. */
const KEPT_MAX = 16
const kept = new Map<string, BlockExporter>()

/** The exporter of a shape, kept from block to block. */
export function exporterOf(shape: ExportShape): BlockExporter {
  const key = JSON.stringify(shape)
  const known = kept.get(key) ?? blockExporter(shape)
  kept.delete(key)
  kept.set(key, known) // the last one asked for is the last one forgotten
  if (kept.size > KEPT_MAX) kept.delete(kept.keys().next().value!)
  return known
}
