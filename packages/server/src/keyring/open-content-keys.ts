/** The keys of content that the settings ask for. */
import { existsSync } from 'node:fs'
import { TrailproofError } from '../trailproof-error.ts'
import { type ContentKeys, NO_KEYS } from './content-keys.ts'
import { dataKeyPath } from './data-key-file.ts'
import { DataKeys } from './data-keys.ts'
import { type MasterKeyOptions, openKeyRing } from './open-key-ring.ts'

/** As threads are told. */
export interface EncryptionOptions extends MasterKeyOptions {
  /** Directory of the wrapped data keys. */
  readonly keys: string
}

/** Without a master key nothing is sealed, and no ledger goes on in clear that was sealed before. */
export async function openContentKeys(options: EncryptionOptions | undefined): Promise<ContentKeys> {
  if (options === undefined) return NO_KEYS
  const { masterKey, keys } = options
  if (masterKey !== '') return new DataKeys(keys, await openKeyRing(options))
  const assertInClear = async (ledger: string): Promise<void> => {
    const path = dataKeyPath(keys, ledger)
    if (existsSync(path))
      throw new TrailproofError(
        'KEY_MISSING',
        `ledger ${ledger} is encrypted, as ${path} says: start with the master_key that it was written with`,
      )
  }
  return { ...NO_KEYS, prepare: assertInClear }
}
