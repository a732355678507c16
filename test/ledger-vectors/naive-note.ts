/** Keys, notes and hashes made with Node's crypto alone, sharing no line with packages/core. */

import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'

export const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
export const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

export function keyOf(name: string, seed: number, type: number) {
  const pkcs8 = Buffer.concat([
    Buffer.from('302e020100300506032b657004220420', 'hex'),
    Buffer.alloc(32, seed),
  ])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  const typed = Buffer.concat([Uint8Array.of(type), spki.subarray(-32)])
  const id = sha256(name, '\n', typed).subarray(0, 4)
  const line = (blob: Uint8Array): string => `\u2014 ${name} ${base64(Buffer.concat([id, blob]))}\n`
  return {
    vkey: `${name}+${hex(id)}+${base64(typed)}`,
    line,
    sign: (text: string): string => line(sign(null, Buffer.from(text), privateKey)),
    cosign: (text: string, time: number): string => {
      const stamp = Buffer.alloc(8)
      stamp.writeBigUInt64BE(BigInt(time))
      return line(
        Buffer.concat([stamp, sign(null, Buffer.from(`cosignature/v1\ntime ${time}\n${text}`), privateKey)]),
      )
    },
  }
}
