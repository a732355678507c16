/** Whose keys seal what a store writes, and open what it reads. */
import type { LedgerCipher } from './ledger-cipher.ts'

/** What a store asks for keys. All methods may be called concurrently. */
export interface ContentKeys {
  /**
   * Before a ledger is written for the first time: makes its keys where there are none. `isSealed` tells whether something of it is sealed
   * already: then they are lost, and KEY_MISSING says so. Rejects likewise when they cannot be had.
   */
  prepare(ledger: string, isSealed: () => Promise<boolean>): Promise<void>
  /** What seals now, and opens all there is; undefined: nothing is to be sealed. `size`: entries of the ledger, where it is known. */
  writing(ledger: string, size?: number): Promise<LedgerCipher | undefined>
  /** Calls `work` with what opens; again, once, when it meets a key that was made since. */
  reading<T>(ledger: string, work: (cipher: LedgerCipher | undefined) => T | Promise<T>): Promise<T>
  /** Of the blind index, 32 bytes; undefined for a ledger that has no keys. */
  indexKey(ledger: string): Promise<Uint8Array | undefined>
}

/** Of stores in which nothing is sealed. */
export const NO_KEYS: ContentKeys = {
  prepare: async () => undefined,
  writing: async () => undefined,
  reading: async (_, work) => work(undefined),
  indexKey: async () => undefined,
}
