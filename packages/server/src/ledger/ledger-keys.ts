/** The Ed25519 key of each ledger, in files apart from the data. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { type NoteSigner, verifierKey } from '@trailproof/core'
import { sha256 } from '../process/sha256.ts'
import { writeWhole } from '../process/write-whole.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { syncDirectory } from './file-checkpoint-lock.ts'

/** `<directory>/<ledger>.key`: PKCS #8 PEM, readable by the owner alone. */
export class LedgerKeys {
  readonly #directory: string
  readonly #opened = new Map<string, NoteSigner>()

  constructor(directory: string) {
    this.#directory = directory
    mkdirSync(directory, { recursive: true, mode: 0o700 })
  }

  /** The id that makes default origins of this installation its own; made at the first start. */
  installId(): string {
    const path = join(this.#directory, 'install-id')
    if (!existsSync(path)) writeDurably(this.#directory, 'install-id', `${randomBytes(8).toString('hex')}\n`)
    return readFileSync(path, 'utf8').trim()
  }

  has(ledger: string): boolean {
    return existsSync(join(this.#directory, `${ledger}.key`))
  }

  /** Makes the key of a ledger; it signs in the name of the ledger's origin. */
  create(ledger: string, origin: string): NoteSigner {
    if (this.has(ledger))
      throw new TrailproofError('LEDGER_EXISTS', `there is already a key for ledger ${ledger}`)
    const { privateKey } = generateKeyPairSync('ed25519')
    writeDurably(
      this.#directory,
      `${ledger}.key`,
      privateKey.export({ format: 'pem', type: 'pkcs8' }) as string,
    )
    return signerOf(origin, privateKey)
  }

  /** Rejects with LOCK_MISSING when there is no key: without it the ledger can be read, not extended. */
  open(ledger: string, origin: string): NoteSigner {
    const opened = this.#opened.get(ledger)
    if (opened?.key.name === origin) return opened
    const path = join(this.#directory, `${ledger}.key`)
    if (!existsSync(path))
      throw new TrailproofError(
        'LOCK_MISSING',
        `${path} is missing: start with --keys naming the directory that holds the keys of this data`,
      )
    const signer = signerOf(origin, createPrivateKey(readFileSync(path, 'utf8')))
    this.#opened.set(ledger, signer)
    return signer
  }
}

function signerOf(origin: string, privateKey: KeyObject): NoteSigner {
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const publicKey = new Uint8Array(spki.subarray(-32))
  return {
    key: verifierKey(sha256, origin, publicKey),
    sign: (message) => sign(null, message, privateKey),
  }
}

/** Writes a small file so that it is there whole or not at all, also after a power cut. */
export function writeDurably(directory: string, name: string, text: string): void {
  const temporary = join(directory, `.${name}.new`)
  const file = openSync(temporary, 'w', 0o600)
  try {
    writeWhole(file, Buffer.from(text))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, join(directory, name))
  syncDirectory(directory)
}
