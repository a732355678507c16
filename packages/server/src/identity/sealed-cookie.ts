/** Small values that a browser keeps for us and can neither read nor change: AES-256-GCM under a key of the installation. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const NONCE_BYTES = 12
const TAG_BYTES = 16

export class CookieSeal {
  readonly #key: Uint8Array
  readonly #now: () => number

  /** `purpose`: what is sealed for one purpose opens for no other. */
  constructor(secret: Uint8Array, purpose: string, now: () => number) {
    this.#key = new Uint8Array(hkdfSync('sha256', secret, '', `cookie of ${purpose}`, 32))
    this.#now = now
  }

  seal(value: object, lifetimeMs: number): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce)
    const text = JSON.stringify({ value, until: this.#now() + lifetimeMs })
    const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final()])
    return Buffer.concat([sealed, cipher.getAuthTag()]).toString('base64url')
  }

  /** Undefined when it was not sealed here for this, was changed, or is too old. */
  open(sealed: string): unknown {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < NONCE_BYTES + TAG_BYTES) return undefined
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES))
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
      const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()])
      const { value, until } = JSON.parse(text.toString('utf8')) as { value: unknown; until: number } // ours
      return until > this.#now() ? value : undefined
    } catch {
      return undefined
    }
  }
}
