/** Whether new records may come in: not while stopping, below the disk reserve or without the disk. */
import { statfsSync } from 'node:fs'
import { TrailproofError } from '../trailproof-error.ts'

export type AdmissionState = 'open' | 'disk-reserve' | 'disk-unreadable' | 'stopping'

const CHECK_INTERVAL_MS = 500
/** Of the reserve: what is left when the server stops writing records of its own too. */
const OWN_SHARE = 1 / 4

/**
 * Watches the free space of the directories that are written. Below the reserve records are refused
 * while reads go on; the reserve is what the server itself may still use. A directory that is gone (unmounted,
 * deleted) closes it too: whatever were written then might land elsewhere. Opens again by itself.
 */
export class Admission {
  readonly #directories: readonly string[]
  readonly #reserveBytes: number
  readonly #timer: NodeJS.Timeout
  readonly #onChange: (state: AdmissionState) => void
  readonly #freeBytesOf: (directory: string) => number
  #state: AdmissionState = 'open'
  #freeBytes = Infinity
  /** Why the free space is not known. */
  #fault: unknown

  constructor(
    directories: readonly string[],
    reserveBytes: number,
    onChange: (state: AdmissionState) => void,
    freeBytesOf: (directory: string) => number = statFreeBytes,
  ) {
    this.#directories = directories
    this.#reserveBytes = reserveBytes
    this.#onChange = onChange
    this.#freeBytesOf = freeBytesOf
    this.#check()
    this.#timer = setInterval(() => this.#check(), CHECK_INTERVAL_MS)
    this.#timer.unref()
  }

  get state(): AdmissionState {
    return this.#state
  }

  /** Why nothing new may come in now, or undefined. */
  refusal(): TrailproofError | undefined {
    switch (this.#state) {
      case 'open':
        return undefined
      case 'stopping':
        return new TrailproofError('STOPPING', 'the server is stopping', { retryable: true })
      case 'disk-reserve':
        return new TrailproofError(
          'DISK_RESERVE',
          `${Math.floor(this.#freeBytes / 2 ** 20)} MiB are free, less than disk_reserve_mib; reads go on`,
          { retryable: true },
        )
      case 'disk-unreadable':
        return new TrailproofError(
          'DISK_RESERVE',
          `the free space of a directory that is written cannot be read${codeOf(this.#fault)}; reads may go on`,
          { retryable: true, cause: this.#fault },
        )
    }
  }

  /** Why not even the server's own records may be written: most of the reserve is gone. */
  ownRefusal(): TrailproofError | undefined {
    if (this.#state !== 'disk-unreadable' && this.#freeBytes >= this.#reserveBytes * OWN_SHARE)
      return undefined
    return new TrailproofError(
      'DISK_RESERVE',
      'reads are recorded, and the reserve of the disk is nearly gone; free space or lower disk_reserve_mib',
      { retryable: true },
    )
  }

  /** Bytes free for us on the fullest of the watched disks; 0 while one of them cannot be read. */
  get freeBytes(): number {
    return this.#freeBytes
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#move('stopping')
  }

  #check(): void {
    this.#fault = undefined
    this.#freeBytes = Math.min(...this.#directories.map((directory) => this.#readFreeBytes(directory)))
    if (this.#fault !== undefined) this.#move('disk-unreadable')
    else this.#move(this.#freeBytes < this.#reserveBytes ? 'disk-reserve' : 'open')
  }

  /** Does not throw: a timer calls, where that would end the process. */
  #readFreeBytes(directory: string): number {
    try {
      return this.#freeBytesOf(directory)
    } catch (fault) {
      this.#fault = fault
      return 0
    }
  }

  #move(state: AdmissionState): void {
    if (state === this.#state || this.#state === 'stopping') return
    this.#state = state
    this.#onChange(state)
  }
}

function statFreeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory)
  return bavail * bsize
}

/** Producers are told what is wrong, and not where on the machine. */
function codeOf(fault: unknown): string {
  const { code } = fault as { code?: unknown }
  return typeof code === 'string' ? ` (${code})` : ''
}
