/**
 * The public keys of an issuer (RFC 7517), from its URL or a file: read when a token names a key that is not among them, no
 * more than once in a while whatever tokens come, and now and then, so that keys that were withdrawn open nothing for long.
 */
import { readFile } from 'node:fs/promises'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, type LocalJWKSet } from 'jose'
import { TrailproofError } from '../trailproof-error.ts'
import { assertTrustworthy } from './issuer-address.ts'

/** After a read, for an unknown key: a token costs its sender nothing. */
export const COOL_DOWN_MS = 30_000
export const READ_EVERY_MS = 5 * 60_000
const FETCH_TIMEOUT_MS = 5000
const BYTES_MAX = 262_144
const KEYS_MAX = 100

/** The text of the keys; rejects when it cannot be had. */
export type ReadKeys = () => Promise<string>

export class JsonWebKeys {
  readonly #read: ReadKeys
  readonly #now: () => number
  readonly #onChange: () => void
  readonly #coolDownMs: number
  #text = ''
  #keys: LocalJWKSet | undefined
  #readAt = -Infinity
  #reading: Promise<void> | undefined

  /** `onChange`: what was verified with the keys of before is to be verified anew. */
  constructor(read: ReadKeys, now: () => number, onChange: () => void, coolDownMs = COOL_DOWN_MS) {
    this.#read = read
    this.#now = now
    this.#onChange = onChange
    this.#coolDownMs = coolDownMs
  }

  /** For `jwtVerify`: the one key that a token names. */
  readonly keyOf: JWTVerifyGetKey = async (header, token) => {
    if (this.#keys === undefined) await this.refresh()
    try {
      return await this.#found(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await this.refresh()
      return await this.#found(header, token)
    }
  }

  async #found(...[header, token]: Parameters<JWTVerifyGetKey>) {
    if (this.#keys === undefined)
      throw new TrailproofError('OVERLOADED', 'the keys of the issuer cannot be read now', {
        retryable: true,
      })
    return await this.#keys(header, token)
  }

  /** Reads the keys, if that was not done just now; those of before stay when it cannot be done. Never rejects. */
  refresh(): Promise<void> {
    if (this.#reading) return this.#reading
    if (this.#now() - this.#readAt < this.#coolDownMs) return Promise.resolve()
    this.#readAt = this.#now()
    this.#reading = this.#take().finally(() => {
      this.#reading = undefined
    })
    return this.#reading
  }

  async #take(): Promise<void> {
    try {
      const text = await this.#read()
      if (text === this.#text) return
      const set = JSON.parse(text) as JSONWebKeySet // jose looks at its members
      if (!Array.isArray(set.keys) || set.keys.length > KEYS_MAX) return
      this.#keys = createLocalJWKSet(set)
      this.#text = text
      this.#onChange()
    } catch {
      // Tokens say what is missing; the next one tries again.
    }
  }
}

/** From a URL, or from a file. Throws BAD_SETTING for one that cannot be trusted. */
export function keyReader(setting: string, place: string): ReadKeys {
  if (!/^[a-z]+:\/\//i.test(place)) return () => readFile(place, 'utf8')
  const url = assertTrustworthy(setting, place)
  return () => fetchBounded(url)
}

async function fetchBounded(url: URL): Promise<string> {
  const response = await fetch(url, {
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    headers: { accept: 'application/jwk-set+json, application/json' },
  })
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}`)
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > BYTES_MAX) throw new Error(`${url.href} answered more than ${BYTES_MAX} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
