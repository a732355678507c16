/** A sink that keeps records in memory, for tests and for looking at what a service would send. */
import type { SealedRecord } from '../delivery/sealed-record.ts'
import type { Sink } from './sink.ts'

export interface MemorySinkOptions {
  /** Most records kept; beyond it the oldest go. Default 10_000. */
  readonly recordsMax?: number | undefined
}

export interface MemorySink extends Sink {
  /** Parsed, oldest first. */
  readonly records: readonly Readonly<Record<string, unknown>>[]
  /** Exactly as sent, oldest first. */
  readonly lines: readonly string[]
  clear(): void
}

export function memorySink({ recordsMax = 10_000 }: MemorySinkOptions = {}): MemorySink {
  let lines: string[] = []
  // Parsed when looked at, and once: tests look often.
  let parsed = new Map<string, Readonly<Record<string, unknown>>>()
  const keep = (batch: readonly SealedRecord[]): void => {
    for (const { line } of batch) lines.push(line)
    if (lines.length > recordsMax) lines = lines.slice(-recordsMax)
  }
  return {
    name: 'memory',
    get lines() {
      return lines
    },
    get records() {
      parsed = new Map(
        lines.map((line) => [
          line,
          parsed.get(line) ?? (JSON.parse(line) as object as Record<string, unknown>),
        ]),
      )
      return lines.map((line) => parsed.get(line)!)
    },
    clear() {
      lines = []
    },
    write(batch) {
      keep(batch)
      return Promise.resolve(batch.map(() => ({ kind: 'written' as const })))
    },
    writeSync: keep,
    close: () => Promise.resolve(),
  }
}
