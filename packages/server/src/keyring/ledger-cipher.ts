/** Seals and opens what is stored of one ledger, under its data keys. */
import { TrailproofError } from '../trailproof-error.ts'
import { seal, unseal } from './seal.ts'

const ID_BYTES = 8

/** What was sealed names a key that is not among those we have: they may have been read before it was made. */
export class DataKeyUnknown extends TrailproofError {
  constructor(ledger: string, keyId: string, file: string | undefined) {
    const where =
      file === undefined
        ? 'no master_key is given that opens it'
        : `${file} does not hold it: put back its newest copy`
    super('KEY_MISSING', `ledger ${ledger} is encrypted under the data key ${keyId}, and ${where}`)
  }
}

export interface LedgerCipherKeys {
  readonly ledger: string
  /** The file they are from. */
  readonly file: string
  /** By their ids, in the order in which they were made: the last one seals. */
  readonly dataKeys: ReadonlyMap<string, Uint8Array>
  /** 32 bytes; of the blind index. */
  readonly indexKey: Uint8Array
}

export class LedgerCipher {
  readonly keys: LedgerCipherKeys
  readonly #newest: readonly [id: Buffer, key: Uint8Array]

  constructor(keys: LedgerCipherKeys) {
    this.keys = keys
    const [id, key] = [...keys.dataKeys].at(-1)!
    this.#newest = [Buffer.from(id, 'hex'), key]
  }

  /** `place` says where it will lie and is bound to it: elsewhere it does not open. */
  seal(content: Uint8Array, place: string): Buffer {
    const [id, key] = this.#newest
    return Buffer.concat([id, seal(key, content, associatedOf(id, place))])
  }

  /** Undefined when it is not what was sealed at this place; throws DataKeyUnknown for a key that we do not have. */
  unseal(sealed: Uint8Array, place: string): Buffer | undefined {
    const id = sealed.subarray(0, ID_BYTES)
    const key = this.keys.dataKeys.get(keyIdOf(sealed))
    if (key === undefined) throw new DataKeyUnknown(this.keys.ledger, keyIdOf(sealed), this.keys.file)
    return unseal(key, sealed.subarray(ID_BYTES), associatedOf(id, place))
  }

  /** Names the key that seals; hexadecimal. */
  get newestKeyId(): string {
    return this.#newest[0].toString('hex')
  }

  has(keyId: string): boolean {
    return this.keys.dataKeys.has(keyId)
  }
}

/** The data key that something was sealed under. */
export function keyIdOf(sealed: Uint8Array): string {
  return Buffer.from(sealed.subarray(0, ID_BYTES)).toString('hex')
}

function associatedOf(id: Uint8Array, place: string): Buffer {
  return Buffer.concat([Buffer.from('trailproof/v1 sealed\0'), id, Buffer.from(place)])
}
