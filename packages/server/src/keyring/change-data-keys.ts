/** What changes the file of a ledger's data keys: the first ones, a further one, another master key. */
import { randomBytes } from 'node:crypto'
import { TrailproofError } from '../trailproof-error.ts'
import {
  changeDataKeyFile,
  type DataKeyFile,
  dataKeyPath,
  readDataKeyFile,
  type StoredDataKey,
  type StoredKeyText,
} from './data-key-file.ts'
import type { KeyContext, KeyRing } from './key-ring.ts'
import { KEY_BYTES } from './seal.ts'

/** Stands where the id of a data key would, so that the one is never taken for the other. */
export const INDEX_KEY = 'index'

function contextOf(ledger: string, key: string): KeyContext {
  return { product: 'trailproof', ledger, key }
}

async function wrapped(
  ring: KeyRing,
  dataKey: Uint8Array,
  ledger: string,
  key: string,
): Promise<StoredKeyText> {
  const { masterKey, text } = await ring.wrap(dataKey, contextOf(ledger, key))
  return { wrapped_by: masterKey, wrapped: text }
}

export async function unwrapKey(
  ring: KeyRing,
  stored: StoredKeyText,
  ledger: string,
  key: string,
): Promise<Uint8Array> {
  const dataKey = await ring.unwrap(
    { masterKey: stored.wrapped_by, text: stored.wrapped },
    contextOf(ledger, key),
  )
  if (dataKey.length === KEY_BYTES) return dataKey
  throw new TrailproofError(
    'KEY_MISSING',
    `the key ${key} of ledger ${ledger} has ${dataKey.length} bytes, not ${KEY_BYTES}`,
  )
}

async function newDataKey(ring: KeyRing, ledger: string, size: number): Promise<StoredDataKey> {
  const id = randomBytes(8).toString('hex')
  const key = await wrapped(ring, randomBytes(KEY_BYTES), ledger, id)
  return { id, made_at: new Date().toISOString(), from_size: size, ...key }
}

/** The first keys of a ledger, unless another process has just made them. */
export async function makeDataKeys(directory: string, ledger: string, ring: KeyRing): Promise<void> {
  await changeDataKeyFile(directory, ledger, async (file) => {
    if (file !== undefined) return undefined
    const index_key = await wrapped(ring, randomBytes(KEY_BYTES), ledger, INDEX_KEY)
    return { version: 1, ledger, data_keys: [await newDataKey(ring, ledger, 0)], index_key }
  })
}

/**
 * Makes a new data key, which all that is written from now on goes under; what was written stays readable. A running server takes it
 * over within a second. `size`: entries of the ledger, where it is known. Resolves with the file as it is then.
 */
export async function addDataKey(
  directory: string,
  ledger: string,
  ring: KeyRing,
  given: { readonly size?: number; readonly unlessFrom?: number } = {},
): Promise<DataKeyFile> {
  await changeDataKeyFile(directory, ledger, async (file) => {
    const { from_size } = present(file, ledger, directory).data_keys.at(-1)!
    // Another server was faster.
    if (given.unlessFrom !== undefined && given.unlessFrom !== from_size) return undefined
    const key = await newDataKey(ring, ledger, given.size ?? from_size)
    return { ...file!, data_keys: [...file!.data_keys, key] }
  })
  return present(readDataKeyFile(directory, ledger), ledger, directory)
}

/** Wraps every key of a ledger under the newest master key of `to`; the keys themselves stay the same. */
export async function rewrapDataKeys(
  directory: string,
  ledger: string,
  { from, to }: { readonly from: KeyRing; readonly to: KeyRing },
): Promise<DataKeyFile> {
  const again = async <T extends StoredKeyText>(stored: T, key: string): Promise<T> => ({
    ...stored,
    ...(await wrapped(to, await unwrapKey(from, stored, ledger, key), ledger, key)),
  })
  await changeDataKeyFile(directory, ledger, async (file) => {
    const { data_keys, index_key } = present(file, ledger, directory)
    const keys: StoredDataKey[] = []
    for (const key of data_keys) keys.push(await again(key, key.id))
    return { ...file!, data_keys: keys, index_key: await again(index_key, INDEX_KEY) }
  })
  return present(readDataKeyFile(directory, ledger), ledger, directory)
}

function present(file: DataKeyFile | undefined, ledger: string, directory: string): DataKeyFile {
  if (file !== undefined) return file
  throw new TrailproofError(
    'LEDGER_UNKNOWN',
    `${dataKeyPath(directory, ledger)} is not there: ledger ${ledger} has no data keys`,
  )
}
