/**
 * Stands in for AWS KMS, which cannot run here: Encrypt and Decrypt of its JSON protocol, with real AES-256-GCM, as its API
 * reference describes them. It checks the shape of what is signed (SigV4), not the signature.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface FakeKms extends AsyncDisposable {
  readonly endpoint: string
  readonly keyArn: string
  /** As KMS rotates: new material under the same ARN, and the old one still decrypts. */
  rotate(): void
  /** The next so many requests are answered with this error and status. */
  failNext(count: number, type: string, status: number): void
  /** The region that each request was signed for. */
  readonly regions: readonly string[]
}

interface Sent {
  readonly KeyId?: string
  readonly Plaintext?: string
  readonly CiphertextBlob?: string
  readonly EncryptionContext?: Readonly<Record<string, string>>
}

class Refused extends Error {
  readonly type: string
  constructor(type: string, message = '') {
    super(message)
    this.type = type
  }
}

export async function startFakeKms(id: string): Promise<FakeKms> {
  const keyArn = `arn:aws:kms:eu-central-1:111122223333:key/${id}`
  const materials = new Map([[0, randomBytes(32)]])
  const regions: string[] = []
  let failures: { type: string; status: number }[] = []

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const failure = failures.shift()
      if (failure !== undefined)
        return answer(response, failure.status, { __type: failure.type, message: 'as told' })
      try {
        const signed =
          /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/([a-z0-9-]+)\/kms\/aws4_request, SignedHeaders=\S*host\S*, Signature=[0-9a-f]{64}$/.exec(
            request.headers.authorization ?? '',
          )
        if (signed === null) throw new Refused('MissingAuthenticationTokenException')
        regions.push(signed[1]!)
        if (request.headers['content-type'] !== 'application/x-amz-json-1.1')
          throw new Refused('UnknownOperationException')
        const sent = JSON.parse(Buffer.concat(chunks).toString()) as Sent
        switch (request.headers['x-amz-target']) {
          case 'TrentService.Encrypt':
            return answer(response, 200, encrypt(sent))
          case 'TrentService.Decrypt':
            return answer(response, 200, decrypt(sent))
          default:
            throw new Refused('UnknownOperationException')
        }
      } catch (error) {
        const { type = 'InternalException', message } = error as Partial<Refused>
        answer(response, type === 'InternalException' ? 500 : 400, { __type: type, message: message ?? '' })
      }
    })
  })

  function encrypt({ KeyId, Plaintext = '', EncryptionContext = {} }: Sent): unknown {
    if (KeyId !== keyArn) throw new Refused('NotFoundException', `Key '${KeyId}' does not exist`)
    const nonce = randomBytes(12)
    const version = materials.size - 1
    const cipher = createCipheriv('aes-256-gcm', materials.get(version)!, nonce)
    cipher.setAAD(Buffer.from(contextOf(EncryptionContext)))
    const plaintext = Buffer.from(Plaintext, 'base64')
    const blob = Buffer.concat([
      Buffer.from([version]),
      nonce,
      cipher.update(plaintext),
      cipher.final(),
      cipher.getAuthTag(),
    ])
    return {
      CiphertextBlob: blob.toString('base64'),
      KeyId: keyArn,
      EncryptionAlgorithm: 'SYMMETRIC_DEFAULT',
    }
  }

  function decrypt({ KeyId, CiphertextBlob = '', EncryptionContext = {} }: Sent): unknown {
    if (KeyId !== undefined && KeyId !== keyArn)
      throw new Refused('NotFoundException', `Key '${KeyId}' does not exist`)
    const blob = Buffer.from(CiphertextBlob, 'base64')
    const material = materials.get(blob[0] ?? -1)
    if (material === undefined || blob.length < 29) throw new Refused('InvalidCiphertextException')
    try {
      const decipher = createDecipheriv('aes-256-gcm', material, blob.subarray(1, 13))
      decipher.setAAD(Buffer.from(contextOf(EncryptionContext)))
      decipher.setAuthTag(blob.subarray(-16))
      const plaintext = Buffer.concat([decipher.update(blob.subarray(13, -16)), decipher.final()])
      return { Plaintext: plaintext.toString('base64'), KeyId: keyArn }
    } catch {
      throw new Refused('InvalidCiphertextException')
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    keyArn,
    regions,
    rotate: () => void materials.set(materials.size, randomBytes(32)),
    failNext: (count, type, status) => {
      failures = Array.from({ length: count }, () => ({ type, status }))
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function contextOf(context: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(context).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body))
}
