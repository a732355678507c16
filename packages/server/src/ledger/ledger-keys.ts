/** The Ed25519 key of each ledger, in files apart from the data. */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { type NoteSigner, verifierKey } from '@trailproof/core'
import { sha256 } from '../process/sha256.ts'
import { writeWhole } from '../process/write-whole.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { readLockFile, syncDirectory } from './file-checkpoint-lock.ts'
import { checkpointSize } from './ledger-info.ts'

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
    if (!existsSync(path)) createDurably(this.#directory, 'install-id', `${randomBytes(8).toString('hex')}\n`)
    return readFileSync(path, 'utf8').trim()
  }

  /**
   * Why nothing may be made under this name here: a lock beside the keys says that the ledger was written elsewhere. Undefined when none
   * does; a lock that stands at nothing is a creation cut short.
   */
  elsewhere(ledger: string): string | undefined {
    const moved = join(this.#directory, `${ledger}.lock.moved`)
    if (existsSync(moved)) return moved
    const lock = join(this.#directory, `${ledger}.lock`)
    if (!existsSync(lock)) return undefined
    return readLockFile(lock).some((text) => checkpointSize(text) > 0) ? lock : undefined
  }

  has(ledger: string): boolean {
    return existsSync(join(this.#directory, `${ledger}.key`))
  }

  /** Makes the key of a ledger, unless another process has just made it; it signs in the name of the ledger's origin. */
  create(ledger: string, origin: string): NoteSigner {
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
    createDurably(this.#directory, `${ledger}.key`, pem)
    return this.open(ledger, origin)
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

/**
 * Writes a small file that is not there yet, whole or not at all, also after a power cut. Where another process makes the same one,
 * the first one stays: read it afterwards.
 */
export function createDurably(directory: string, name: string, text: string): void {
  const { file, path: temporary } = createTemporary(directory, name)
  try {
    writeWhole(file, Buffer.from(text))
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    linkSync(temporary, join(directory, name)) // unlike a rename it replaces nothing
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    unlinkSync(temporary)
  }
  syncDirectory(directory)
}

/** Another process may be at the same work, or may have died in it. */
function createTemporary(directory: string, name: string): { file: number; path: string } {
  const path = join(directory, `.${name}.new`)
  try {
    return { file: openSync(path, 'wx', 0o600), path }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const other = join(directory, `.${name}.${randomBytes(8).toString('hex')}.new`)
    return { file: openSync(other, 'wx', 0o600), path: other }
  }
}
