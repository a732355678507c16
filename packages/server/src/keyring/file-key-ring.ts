/** KeyRing on a file: master keys of 32 bytes, one a line as base64. The first wraps, all unwrap. */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, resolve, sep } from 'node:path'
import { createDurably } from '../ledger/ledger-keys.ts'
import { replaceDurably } from '../process/replace-durably.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { contextText, type KeyContext, type KeyRing, type WrappedKey } from './key-ring.ts'
import { KEY_BYTES, seal, unseal } from './seal.ts'

const HEAD =
  '# Master keys of Trailproof: the first wraps, all unwrap. Who has this file can read the data.\n'

export interface FileKeyRingOptions {
  /** The file of keys; nobody but its owner may read it. */
  readonly path: string
  /** Directory of the data that the keys open, directly or not: the file must not lie in it. */
  readonly data: string
}

export class FileKeyRing implements KeyRing {
  readonly #options: FileKeyRingOptions

  /** Throws BAD_SETTING when the file cannot be used as it is. */
  constructor(options: FileKeyRingOptions) {
    this.#options = options
    this.#read()
  }

  async wrap(dataKey: Uint8Array, context: KeyContext): Promise<WrappedKey> {
    const [id, key] = [...this.#read()][0]!
    return { masterKey: id, text: seal(key, dataKey, associatedOf(id, context)).toString('base64') }
  }

  async unwrap({ masterKey, text }: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    const { path } = this.#options
    const key = this.#read().get(masterKey)
    if (key === undefined)
      throw new TrailproofError(
        'KEY_MISSING',
        `${path} does not hold the master key ${masterKey}: put its line back, below the others`,
      )
    const dataKey = unseal(key, Buffer.from(text, 'base64'), associatedOf(masterKey, context))
    if (dataKey?.length !== KEY_BYTES)
      throw new TrailproofError(
        'KEY_MISSING',
        `what ${masterKey} in ${path} should unwrap is not what it wrapped: put back the newest copy of the data keys`,
      )
    return new Uint8Array(dataKey)
  }

  /** Read anew each time, which is seldom: a key that is added counts without a restart. */
  #read(): ReadonlyMap<string, Uint8Array> {
    const { path, data } = this.#options
    assertApart(path, data)
    return readKeys(path)
  }
}

/** Makes the file with one key; throws BAD_SETTING when it is there. */
export function createKeyFile(path: string): void {
  if (existsSync(path)) throw bad(path, 'is there already; add a key to it with --add')
  createDurably(dirname(resolve(path)), basename(path), `${HEAD}${newKey()}\n`)
}

/** Puts a new key before those that are there; returns its name. What they wrapped stays readable. */
export function addMasterKey(path: string): string {
  const lines = [...readKeys(path).values()].map((key) => Buffer.from(key).toString('base64'))
  const added = newKey()
  replaceDurably(dirname(resolve(path)), basename(path), `${HEAD}${[added, ...lines].join('\n')}\n`)
  return idOf(Buffer.from(added, 'base64'))
}

const newKey = (): string => randomBytes(KEY_BYTES).toString('base64')

function readKeys(path: string): ReadonlyMap<string, Uint8Array> {
  if (!existsSync(path)) throw bad(path, `is not there; make it with: trailproof keys create ${path}`)
  const { mode } = statSync(path)
  if ((mode & 0o077) !== 0)
    throw bad(path, `can be read by others than its owner (mode ${(mode & 0o777).toString(8)}): chmod 600 it`)
  const keys = new Map<string, Uint8Array>()
  for (const [at, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) continue
    const key = Buffer.from(text, 'base64')
    if (key.length !== KEY_BYTES || key.toString('base64') !== text)
      throw bad(path, `has no key of ${KEY_BYTES} bytes as base64 in line ${at + 1}`)
    keys.set(idOf(key), key)
  }
  if (keys.size === 0) throw bad(path, 'holds no key')
  return keys
}

/** Beside the data, a stolen disk or a copied backup would hold the key to itself. */
function assertApart(path: string, data: string): void {
  const place = existsSync(path) ? realpathSync(path) : resolve(path)
  const directory = existsSync(data) ? realpathSync(data) : resolve(data)
  if (place.startsWith(directory + sep))
    throw bad(path, `lies in ${data}, with what it opens: move it out of there, best to another disk`)
}

function idOf(key: Uint8Array): string {
  const digest = createHash('sha256').update('trailproof/v1 master key\0').update(key).digest('hex')
  return `file:${digest.slice(0, 16)}`
}

function associatedOf(id: string, context: KeyContext): Buffer {
  return Buffer.from(`trailproof/v1 wrapped key\n${id}\n${contextText(context)}`)
}

function bad(path: string, what: string): TrailproofError {
  return new TrailproofError('BAD_SETTING', `master_key: the file ${path} ${what}`)
}
