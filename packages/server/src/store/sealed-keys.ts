/**
 * The keys that a ledger's row holds itself: of the digests that tell the same record again, and of the ids made from foreign ones. In
 * clear beside those digests, they would let whoever has the disk try out what a record may have said.
 */
import type { ContentKeys } from '../keyring/content-keys.ts'
import { DataKeyUnknown, keyIdOf, type LedgerCipher } from '../keyring/ledger-cipher.ts'
import type { LedgerState, NewLedger } from '../ledger/ledger-store.ts'
import { TrailproofError } from '../trailproof-error.ts'

const KEY_BYTES = 32
const NO_KEY = new Uint8Array(0)

type LedgerKeyNames = Pick<NewLedger, 'name' | 'dedupeKey' | 'idKey'>

/** As they are stored. A ledger that was made before it was encrypted keeps them in clear. */
export function sealedKeys<T extends LedgerKeyNames>(ledger: T, cipher: LedgerCipher | undefined): T {
  if (cipher === undefined) return ledger
  const { name, dedupeKey, idKey } = ledger
  return {
    ...ledger,
    dedupeKey: cipher.seal(dedupeKey, keyPlace(name, 'dedupe')),
    idKey: cipher.seal(idKey, keyPlace(name, 'id')),
  }
}

/** As they are used; of no length where they cannot be opened: such a ledger is not written, and lists go on. */
export async function withOpenedKeys(state: LedgerState, contentKeys: ContentKeys): Promise<LedgerState> {
  const { name, dedupeKey, idKey } = state
  if (dedupeKey.length === KEY_BYTES && idKey.length === KEY_BYTES) return state
  try {
    return await contentKeys.reading(name, (cipher) => {
      const opened = (key: Uint8Array, of: 'dedupe' | 'id'): Uint8Array => {
        if (cipher === undefined) throw new DataKeyUnknown(name, keyIdOf(key), undefined)
        const found = cipher.unseal(key, keyPlace(name, of))
        return found === undefined ? NO_KEY : new Uint8Array(found)
      }
      return { ...state, dedupeKey: opened(dedupeKey, 'dedupe'), idKey: opened(idKey, 'id') }
    })
  } catch (error) {
    if (!(error instanceof TrailproofError)) throw error
    return { ...state, dedupeKey: NO_KEY, idKey: NO_KEY }
  }
}

/** Throws KEY_MISSING for a ledger whose keys could not be opened. */
export function assertKeysOpened({ name, dedupeKey, idKey }: LedgerKeyNames): void {
  if (dedupeKey.length === KEY_BYTES && idKey.length === KEY_BYTES) return
  throw new TrailproofError(
    'KEY_MISSING',
    `ledger ${name} is encrypted: start with the master_key that it was written with, and with --keys that hold its data keys`,
  )
}

function keyPlace(ledger: string, of: 'dedupe' | 'id'): string {
  return `ledger\n${ledger}\n${of}-key`
}
