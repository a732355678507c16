/**
 * Stands in for HashiCorp Vault, which cannot run here: the two calls of its transit engine that are used, with real AES-256-GCM,
 * as its API documentation describes them. What a caller sends is checked as strictly as Vault would.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeVault extends AsyncDisposable {
  /** `http://127.0.0.1:<port>/transit/keys/audit`. */
  readonly url: string
  readonly token: string
  /** As `vault write -f transit/keys/audit/rotate`. */
  rotate(): void
  /** The next so many requests are answered with this status, or cut off. */
  failNext(count: number, how: number | 'cut' | 'silent'): void
  /** Every request that came, without its body. */
  readonly requests: readonly { readonly path: string; readonly namespace: string | undefined }[]
}

interface Sent {
  readonly plaintext?: string
  readonly ciphertext?: string
  readonly associated_data?: string
}

class Refused extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export async function startFakeVault(token = 'hvs.test'): Promise<FakeVault> {
  const versions = [randomBytes(32)]
  const requests: { path: string; namespace: string | undefined }[] = []
  let failures: (number | 'cut' | 'silent')[] = []

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const path = request.url ?? ''
      requests.push({ path, namespace: request.headers['x-vault-namespace'] as string | undefined })
      const failure = failures.shift()
      if (failure === 'silent') return
      if (failure === 'cut') return void request.socket.destroy()
      if (failure !== undefined)
        return answer(response, failure, { errors: failure === 503 ? ['Vault is sealed'] : [] })
      try {
        if (request.headers['x-vault-token'] !== token) throw new Refused(403, 'permission denied')
        if (request.headers['x-vault-request'] !== 'true') throw new Refused(400, 'missing X-Vault-Request')
        if (request.method !== 'POST' && request.method !== 'PUT')
          throw new Refused(405, 'unsupported operation')
        const sent = JSON.parse(Buffer.concat(chunks).toString()) as Sent
        if (path === '/v1/transit/encrypt/audit') return answer(response, 200, { data: encrypt(sent) })
        if (path === '/v1/transit/decrypt/audit') return answer(response, 200, { data: decrypt(sent) })
        throw new Refused(404, 'no handler for route')
      } catch (error) {
        const { status = 500, message } = error as Partial<Refused>
        answer(response, status, { errors: [message ?? ''] })
      }
    })
  })

  function encrypt({ plaintext = '', associated_data = '' }: Sent): unknown {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', versions.at(-1)!, nonce)
    cipher.setAAD(base64(associated_data))
    const sealed = Buffer.concat([
      nonce,
      cipher.update(base64(plaintext)),
      cipher.final(),
      cipher.getAuthTag(),
    ])
    return {
      ciphertext: `vault:v${versions.length}:${sealed.toString('base64')}`,
      key_version: versions.length,
    }
  }

  function decrypt({ ciphertext = '', associated_data = '' }: Sent): unknown {
    const [, version, text] = /^vault:v(\d+):(.*)$/.exec(ciphertext) ?? []
    if (version === undefined || text === undefined) throw new Refused(400, 'invalid ciphertext: no prefix')
    const key = versions[Number(version) - 1]
    if (key === undefined) throw new Refused(400, 'invalid ciphertext: version is too new')
    const sealed = Buffer.from(text, 'base64')
    if (sealed.length < 28) throw new Refused(400, 'invalid ciphertext: could not decode')
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
      decipher.setAAD(base64(associated_data))
      decipher.setAuthTag(sealed.subarray(-16))
      const plaintext = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])
      return { plaintext: plaintext.toString('base64') }
    } catch {
      throw new Refused(400, 'cipher: message authentication failed')
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/transit/keys/audit`,
    token,
    requests,
    rotate: () => void versions.push(randomBytes(32)),
    failNext: (count, how) => {
      failures = Array.from({ length: count }, () => how)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** As Go reads it: nothing else is let through. */
function base64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.toString('base64') !== text) throw new Refused(400, 'failed to base64-decode')
  return bytes
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
