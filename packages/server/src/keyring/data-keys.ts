/** The data keys of ledgers, unwrapped once and kept in memory: a few hundred bytes a ledger, in each thread that needs them. */
import { statSync } from 'node:fs'
import { TrailproofError } from '../trailproof-error.ts'
import { addDataKey, INDEX_KEY, makeDataKeys, unwrapKey } from './change-data-keys.ts'
import type { ContentKeys } from './content-keys.ts'
import { type DataKeyFile, dataKeyPath, readDataKeyFile } from './data-key-file.ts'
import type { KeyRing } from './key-ring.ts'
import { DataKeyUnknown, LedgerCipher } from './ledger-cipher.ts'

/**
 * Entries written under one data key before the next is made. Random nonces of 96 bits are safe for 2^32 uses of a key (NIST SP 800-38D,
 * 8.3). An entry takes two at most when it is committed alone, and two more with its block of 256; this leaves seven eighths for what
 * erasures write anew and for quarantined records.
 */
export const DATA_KEY_ENTRIES_MAX = 2 ** 28
/** How often the file is looked at while records are written: a key that another process has made counts after that. */
const LOOK_MS = 1000
/** What could not be had is not asked for again so soon: Vault or KMS may be slow to say no. */
const FAILURE_MS = 5000

export interface DataKeysOptions {
  /** ms, never going back. */
  readonly now?: () => number
  /** See `DATA_KEY_ENTRIES_MAX`. */
  readonly keyEntriesMax?: number
}

interface Known {
  readonly cipher: LedgerCipher
  /** Identity of the file that it was read from. */
  readonly version: string
  readonly fromSize: number
  lookedAt: number
}

export class DataKeys implements ContentKeys {
  readonly #directory: string
  readonly #ring: KeyRing
  readonly #now: () => number
  readonly #keyEntriesMax: number
  readonly #known = new Map<string, Known>()
  readonly #loading = new Map<string, Promise<Known | undefined>>()
  readonly #failed = new Map<string, { readonly error: unknown; readonly at: number }>()

  constructor(directory: string, ring: KeyRing, options: DataKeysOptions = {}) {
    this.#directory = directory
    this.#ring = ring
    this.#now = options.now ?? (() => performance.now())
    this.#keyEntriesMax = options.keyEntriesMax ?? DATA_KEY_ENTRIES_MAX
  }

  async prepare(ledger: string, isSealed: () => Promise<boolean>): Promise<void> {
    this.#failed.delete(ledger) // whoever opens a ledger anew wants to know how it is now
    if (await this.#load(ledger)) return
    if (await isSealed()) throw this.#gone(ledger)
    await makeDataKeys(this.#directory, ledger, this.#ring)
    await this.#load(ledger)
  }

  async writing(ledger: string, size = 0): Promise<LedgerCipher> {
    const known = await this.#newest(ledger)
    if (size - known.fromSize <= this.#keyEntriesMax) return known.cipher
    // Not worth a refusal: the bound lies far below what is unsafe.
    await addDataKey(this.#directory, ledger, this.#ring, { size, unlessFrom: known.fromSize }).catch(warn)
    return (await this.#load(ledger).catch(() => undefined))?.cipher ?? known.cipher
  }

  async reading<T>(ledger: string, work: (cipher: LedgerCipher | undefined) => T | Promise<T>): Promise<T> {
    const known = this.#known.get(ledger)
    try {
      return await work(known?.cipher)
    } catch (error) {
      if (!(error instanceof DataKeyUnknown)) throw error
      const now = await this.#load(ledger)
      if (now === undefined) throw this.#gone(ledger)
      if (now === known) throw error
      return work(now.cipher)
    }
  }

  async indexKey(ledger: string): Promise<Uint8Array | undefined> {
    const known = this.#known.get(ledger) ?? (await this.#load(ledger))
    return known?.cipher.keys.indexKey
  }

  /** As the file says, looked at once a second at most; while it cannot be read, as it was. */
  async #newest(ledger: string): Promise<Known> {
    const known = this.#known.get(ledger)
    if (known === undefined) {
      const loaded = await this.#load(ledger)
      if (loaded === undefined) throw this.#gone(ledger)
      return loaded
    }
    const now = this.#now()
    if (now - known.lookedAt < LOOK_MS) return known
    known.lookedAt = now
    if (this.#version(ledger) === known.version) return known
    try {
      return (await this.#load(ledger)) ?? known
    } catch (error) {
      warn(error)
      return known
    }
  }

  /** Undefined when there is no file. */
  #load(ledger: string): Promise<Known | undefined> {
    const failed = this.#failed.get(ledger)
    if (failed !== undefined && this.#now() - failed.at < FAILURE_MS) return Promise.reject(failed.error)
    const under = this.#loading.get(ledger)
    if (under !== undefined) return under
    const loading = this.#read(ledger)
      .catch((error: unknown) => {
        this.#failed.set(ledger, { error, at: this.#now() })
        throw error
      })
      .finally(() => this.#loading.delete(ledger))
    this.#loading.set(ledger, loading)
    return loading
  }

  async #read(ledger: string): Promise<Known | undefined> {
    // Before the text: a file that changes in between is read again.
    const version = this.#version(ledger)
    const before = this.#known.get(ledger)
    if (before !== undefined && before.version === version) return before
    const file = readDataKeyFile(this.#directory, ledger)
    if (file === undefined) return undefined
    const cipher = await this.#cipherOf(file, before?.cipher)
    const known = { cipher, version, fromSize: file.data_keys.at(-1)!.from_size, lookedAt: this.#now() }
    this.#known.set(ledger, known)
    return known
  }

  /** Keys that are known are not asked for again: wrapped anew, they are the same. */
  async #cipherOf(
    { ledger, data_keys, index_key }: DataKeyFile,
    before?: LedgerCipher,
  ): Promise<LedgerCipher> {
    const dataKeys = new Map<string, Uint8Array>()
    for (const key of data_keys)
      dataKeys.set(
        key.id,
        before?.keys.dataKeys.get(key.id) ?? (await unwrapKey(this.#ring, key, ledger, key.id)),
      )
    const indexKey = before?.keys.indexKey ?? (await unwrapKey(this.#ring, index_key, ledger, INDEX_KEY))
    return new LedgerCipher({ ledger, file: dataKeyPath(this.#directory, ledger), dataKeys, indexKey })
  }

  /** Changes when the file is replaced. */
  #version(ledger: string): string {
    const stat = statSync(dataKeyPath(this.#directory, ledger), { bigint: true, throwIfNoEntry: false })
    return stat === undefined ? '' : `${stat.ino} ${stat.mtimeNs} ${stat.size}`
  }

  #gone(ledger: string): TrailproofError {
    return new TrailproofError(
      'KEY_MISSING',
      `ledger ${ledger} is encrypted, and ${dataKeyPath(this.#directory, ledger)} is gone: put it back from a copy of --keys; ` +
        'without it nobody can read what was encrypted',
    )
  }
}

function warn(error: unknown): void {
  process.emitWarning(
    `the newest data keys cannot be had now: ${(error as Error).message}`,
    'EncryptionWarning',
  )
}
