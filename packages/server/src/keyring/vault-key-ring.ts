/** KeyRing on HashiCorp Vault's transit engine, or OpenBao's, over its HTTP API. */
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { TrailproofError } from '../trailproof-error.ts'
import { contextText, type KeyContext, type KeyRing, type WrappedKey } from './key-ring.ts'

export interface VaultKeyRingOptions {
  /** Such as `https://vault:8200/transit/keys/audit`: the server, the mount of the engine and the key. */
  readonly url: string
  /** A token, or `file:` and the path of a file that holds one, read at each request. */
  readonly token: string
  /** Of Vault Enterprise; '': none. */
  readonly namespace?: string
  /** Of one request. Default 5000. */
  readonly timeoutMs?: number
  /** How often a request is tried that Vault did not answer, or that it was too busy for. Default 4. */
  readonly attemptsMax?: number
  /** Before the second attempt, doubled for each further one. Default 250. */
  readonly pauseMs?: number
}

type Answer = { readonly data?: Readonly<Record<string, unknown>>; readonly errors?: readonly string[] }

export class VaultKeyRing implements KeyRing {
  readonly #options: Required<VaultKeyRingOptions>
  readonly #server: string
  readonly #mount: string
  readonly #key: string

  /** Throws BAD_SETTING for a URL that names no transit key, or without a token. */
  constructor(options: VaultKeyRingOptions) {
    this.#options = { namespace: '', timeoutMs: 5000, attemptsMax: 4, pauseMs: 250, ...options }
    const [, server, mount, key] = /^(https?:\/\/[^/]+)\/(.+)\/keys\/([^/?#]+)$/.exec(options.url) ?? []
    if (server === undefined || mount === undefined || key === undefined)
      throw bad(`${options.url} names no key: expected vault:https://host:8200/transit/keys/name`)
    if (options.token === '') throw bad('Vault wants a token: set VAULT_TOKEN, or the setting vault_token')
    this.#server = server
    this.#mount = mount
    this.#key = key
  }

  async wrap(dataKey: Uint8Array, context: KeyContext): Promise<WrappedKey> {
    const text = await this.#ask('encrypt', 'ciphertext', {
      plaintext: Buffer.from(dataKey).toString('base64'),
      associated_data: associatedOf(context),
    })
    const [, version] = /^vault:(v\d+):/.exec(text) ?? []
    if (version === undefined)
      throw unavailable(`Vault gave no ciphertext of transit for the key ${this.#key}`)
    return { masterKey: `vault:${this.#mount}/keys/${this.#key}:${version}`, text }
  }

  async unwrap({ masterKey, text }: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    if (!masterKey.startsWith(`vault:${this.#mount}/keys/${this.#key}:`))
      throw new TrailproofError(
        'KEY_MISSING',
        `this was wrapped by ${masterKey}: set master_key to that key; trailproof keys rewrap --from-master-key goes over to another`,
      )
    const plaintext = await this.#ask('decrypt', 'plaintext', {
      ciphertext: text,
      associated_data: associatedOf(context),
    })
    return new Uint8Array(Buffer.from(plaintext, 'base64'))
  }

  async #ask(operation: string, wanted: string, body: Readonly<Record<string, string>>): Promise<string> {
    const { attemptsMax, pauseMs } = this.#options
    for (let attempt = 1; ; attempt++)
      try {
        return await this.#request(operation, wanted, body)
      } catch (error) {
        const { retryable } = error as Partial<TrailproofError>
        if (retryable !== true || attempt >= attemptsMax) throw error
        await delay(pauseMs * 2 ** (attempt - 1))
      }
  }

  async #request(operation: string, wanted: string, body: Readonly<Record<string, string>>): Promise<string> {
    const { namespace, timeoutMs } = this.#options
    const url = `${this.#server}/v1/${this.#mount}/${operation}/${encodeURIComponent(this.#key)}`
    const token = this.#token()
    const { status, answer } = await (async () => {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-vault-token': token,
          'x-vault-request': 'true',
          ...(namespace !== '' && { 'x-vault-namespace': namespace }),
        },
        body: JSON.stringify(body),
        // A redirect would take the token elsewhere.
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      return { status: response.status, answer: (await response.json().catch(() => ({}))) as Answer }
    })().catch((cause: unknown) => {
      throw unavailable(`Vault at ${this.#server} does not answer (${messageOf(cause)})`, cause)
    })
    const value = answer.data?.[wanted]
    if (status === 200 && typeof value === 'string') return value
    throw this.#refusal(operation, status, answer.errors ?? [])
  }

  #refusal(operation: string, status: number, errors: readonly string[]): TrailproofError {
    const said = errors.length > 0 ? ` (${errors.join('; ').slice(0, 500)})` : ''
    const where = `Vault at ${this.#server}`
    switch (status) {
      case 400:
        return new TrailproofError(
          'KEY_MISSING',
          `${where} cannot ${operation} under ${this.#mount}/keys/${this.#key}${said}: it must be of a type that takes associated data ` +
            '(aes256-gcm96), with the versions that wrapped still allowed, and the data keys of this ledger as they were written',
        )
      case 403:
        return new TrailproofError(
          'KEY_MISSING',
          `${where} refuses the token${said}: it needs update on ${this.#mount}/${operation}/${this.#key}, and may have expired`,
        )
      case 404:
        return new TrailproofError(
          'KEY_MISSING',
          `${where} has no transit key ${this.#mount}/keys/${this.#key}${said}`,
        )
      default: // 412, 429, 5xx: sealed, a standby, too busy
        return unavailable(`${where} answers ${status}${said}`)
    }
  }

  #token(): string {
    const { token } = this.#options
    if (!token.startsWith('file:')) return token
    const path = token.slice('file:'.length)
    try {
      return readFileSync(path, 'utf8').trim()
    } catch (cause) {
      throw unavailable(`the token of Vault cannot be read from ${path} (${messageOf(cause)})`, cause)
    }
  }
}

function associatedOf(context: KeyContext): string {
  return Buffer.from(contextText(context)).toString('base64')
}

function messageOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}

function unavailable(message: string, cause?: unknown): TrailproofError {
  return new TrailproofError('KEY_RING_UNAVAILABLE', message, { retryable: true, cause })
}

function bad(what: string): TrailproofError {
  return new TrailproofError('BAD_SETTING', `master_key: ${what}`)
}
