/** CheckpointLock in files: one a ledger, two slots in it, written in turn. */
import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from '../process/write-whole.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { CheckpointLock } from './checkpoint-lock.ts'

/** A slot is one disk block, so that writing one cannot tear the other. Zeros after the text. */
const SLOT_BYTES = 4096
const SUFFIX = '.lock'

/** A slot counts only when its text verifies under the ledger's key: the signature is the checksum. */
export type CheckpointSize = (ledger: string, checkpoint: string) => number | undefined

interface OpenLock {
  readonly file: number
  /** Slot of the newest valid checkpoint; the other one is written next. */
  slot: 0 | 1
  size: number
  checkpoint: string
}

export class FileCheckpointLock implements CheckpointLock {
  readonly #directory: string
  readonly #sizeOf: CheckpointSize
  readonly #open = new Map<string, OpenLock>()

  /** `sizeOf` returns the size a signed checkpoint of the ledger speaks of, undefined when it does not verify. */
  constructor(directory: string, sizeOf: CheckpointSize) {
    this.#directory = directory
    this.#sizeOf = sizeOf
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  }

  async ledgers(): Promise<readonly string[]> {
    return readdirSync(this.#directory)
      .filter((name) => name.endsWith(SUFFIX))
      .map((name) => name.slice(0, -SUFFIX.length))
  }

  async read(ledger: string): Promise<string | undefined> {
    return this.#lock(ledger)?.checkpoint || undefined
  }

  async advance(ledger: string, checkpoint: string): Promise<void> {
    const size = this.#sizeOf(ledger, checkpoint)
    if (size === undefined)
      throw new TrailproofError('DATA_DAMAGED', `checkpoint of ${ledger} does not verify`)
    const lock = this.#lock(ledger) ?? this.#create(ledger)
    if (size < lock.size)
      throw new TrailproofError(
        'HEAD_MOVED',
        `lock of ${ledger} is at size ${lock.size}, not moved back to ${size}`,
      )
    const slot = lock.slot === 0 ? 1 : 0
    const bytes = Buffer.alloc(SLOT_BYTES)
    if (bytes.write(checkpoint) < Buffer.byteLength(checkpoint))
      throw new TrailproofError('BAD_REQUEST', `checkpoint of ${ledger} is longer than ${SLOT_BYTES} bytes`)
    writeWhole(lock.file, bytes, slot * SLOT_BYTES)
    fdatasyncSync(lock.file)
    lock.slot = slot
    lock.size = size
    lock.checkpoint = checkpoint
  }

  #path(ledger: string): string {
    return join(this.#directory, ledger + SUFFIX)
  }

  #create(ledger: string): OpenLock {
    const file = openSync(this.#path(ledger), 'wx+', 0o600)
    writeWhole(file, Buffer.alloc(2 * SLOT_BYTES), 0)
    fsyncSync(file)
    syncDirectory(this.#directory)
    const lock: OpenLock = { file, slot: 1, size: -1, checkpoint: '' }
    this.#open.set(ledger, lock)
    return lock
  }

  #lock(ledger: string): OpenLock | undefined {
    const known = this.#open.get(ledger)
    if (known) return known
    let file: number
    try {
      file = openSync(this.#path(ledger), 'r+')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
    const lock = this.#newestSlot(ledger, file)
    this.#open.set(ledger, lock)
    return lock
  }

  #newestSlot(ledger: string, file: number): OpenLock {
    const lock: OpenLock = { file, slot: 1, size: -1, checkpoint: '' }
    let written = false
    for (const slot of [0, 1] as const) {
      const text = readSlot(file, slot)
      written ||= text !== ''
      const size = this.#sizeOf(ledger, text)
      if (size !== undefined && size >= lock.size) Object.assign(lock, { slot, size, checkpoint: text })
    }
    if (lock.size < 0 && written)
      throw new TrailproofError(
        'DATA_DAMAGED',
        `${this.#path(ledger)}: no slot verifies under the ledger's key; was the file or the key replaced?`,
      )
    return lock
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { file } of this.#open.values()) closeSync(file)
    this.#open.clear()
  }
}

function readSlot(file: number, slot: number): string {
  const bytes = Buffer.alloc(SLOT_BYTES)
  const read = readSync(file, bytes, 0, SLOT_BYTES, slot * SLOT_BYTES)
  const end = bytes.indexOf(0)
  return bytes.toString('utf8', 0, end < 0 ? read : Math.min(end, read))
}

/** Both slots' texts of a lock file, newest unknown; for reading beside a running server. */
export function readLockFile(path: string): readonly string[] {
  const file = openSync(path, 'r')
  try {
    return [readSlot(file, 0), readSlot(file, 1)].filter((text) => text !== '')
  } finally {
    closeSync(file)
  }
}

/** Makes a rename or a new name in a directory survive a power cut. */
export function syncDirectory(directory: string): void {
  const file = openSync(directory, 'r')
  try {
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
