/** What is believed of a cache: only what a server with the same key has put under the same name. */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const SEAL_BYTES = 16
const SEPARATOR = Buffer.of(0)

export class CacheSeal {
  readonly #key: Uint8Array

  /** `secret`: the cursor key, which the servers of a cluster share with their directory of keys. */
  constructor(secret: Uint8Array) {
    this.#key = createHmac('sha256', secret).update('trailproof cache v1').digest()
  }

  /** Of parts that each have a fixed length but for the last one. */
  of(name: string, ...parts: readonly Uint8Array[]): Buffer {
    const hmac = createHmac('sha256', this.#key).update(name).update(SEPARATOR)
    for (const part of parts) hmac.update(part)
    return hmac.digest().subarray(0, SEAL_BYTES)
  }

  isOf(seal: Uint8Array, name: string, ...parts: readonly Uint8Array[]): boolean {
    return seal.length === SEAL_BYTES && timingSafeEqual(seal, this.of(name, ...parts))
  }

  /** The value with its seal before it. */
  close(name: string, value: Uint8Array): Buffer {
    return Buffer.concat([this.of(name, value), value])
  }

  /** What `close` was given; undefined when it is not what a server of ours put under this name. */
  open(name: string, sealed: Uint8Array): Uint8Array | undefined {
    const value = sealed.subarray(SEAL_BYTES)
    return this.isOf(sealed.subarray(0, SEAL_BYTES), name, value) ? value : undefined
  }
}
