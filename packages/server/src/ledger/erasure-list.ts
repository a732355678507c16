/** Every erasure of a ledger, kept beside its lock, so that a restored backup erases again before it serves. */
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { takeExclusiveUse } from '../process/exclusive-use.ts'
import { writeWhole } from '../process/write-whole.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { syncDirectory } from './file-checkpoint-lock.ts'
import type { ErasedRange } from './ledger-store.ts'
import type { DeletionFacts } from './server-records.ts'

/** What to destroy, and the record that says so; the record is committed first. */
export interface ListedErasure {
  /** The ledger that the record is of, where it is not the one that is erased from: its successor. */
  readonly ledger?: string
  readonly ranges: readonly ErasedRange[]
  readonly record: {
    readonly id: string
    readonly digest: string
    readonly core: string
    readonly personal: string
  }
  /** It is of the deletion of its ledger, which is closed then; what more there is of it to be written is written like this. */
  readonly closes?: DeletionFacts
}

/** Appending takes milliseconds: who has the list for longer stands still, and may for long. */
const WAIT_MS = 5000

export interface ErasureListOptions {
  /** How long another server may be appending before an append is refused. Default 5000. */
  readonly waitMs?: number
}

/**
 * `<directory>/<ledger>.erasures`: one JSON line an erasure; appended and synced; nothing but a torn end is ever cut off. The servers on
 * one database share the directory.
 */
export class ErasureList {
  readonly #directory: string
  readonly #waitMs: number

  constructor(directory: string, { waitMs = WAIT_MS }: ErasureListOptions = {}) {
    this.#directory = directory
    this.#waitMs = waitMs
  }

  /** Throws a retryable LOCK_HELD, with nothing written, when another server does not finish its own. */
  append(ledger: string, erasure: ListedErasure): void {
    // What looks like a torn end may be the line that another one is writing.
    using _ = takeExclusiveUse(this.#directory, { file: 'erasures-in-use', waitMs: this.#waitMs })
    const path = this.#path(ledger)
    const isNew = !existsSync(path)
    // A line that a crash cut short would swallow the one after it.
    const end = isNew ? 0 : wholeLines(readFileSync(path)).length
    const file = openSync(path, isNew ? 'wx' : 'r+', 0o600)
    try {
      ftruncateSync(file, end)
      writeWhole(file, Buffer.from(`${JSON.stringify(erasure)}\n`), end)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    if (isNew) syncDirectory(this.#directory)
  }

  read(ledger: string): readonly ListedErasure[] {
    const path = this.#path(ledger)
    if (!existsSync(path)) return []
    return wholeLines(readFileSync(path))
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line, i) => {
        try {
          return JSON.parse(line) as ListedErasure
        } catch (cause) {
          throw new TrailproofError('DATA_DAMAGED', `${path}, line ${i + 1}: not JSON`, { cause })
        }
      })
  }

  #path(ledger: string): string {
    return join(this.#directory, `${ledger}.erasures`)
  }
}

/** A line without its end was being written when we crashed: it was never acted upon. */
function wholeLines(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1)
}
