/** KeyRing on AWS KMS: a symmetric key that never leaves it. */
import { TrailproofError } from '../trailproof-error.ts'
import type { KeyContext, KeyRing, WrappedKey } from './key-ring.ts'

/** What we call of `@aws-sdk/client-kms`, in its own words. */
export interface KmsClient {
  send(command: object): Promise<{
    readonly CiphertextBlob?: Uint8Array | undefined
    readonly Plaintext?: Uint8Array | undefined
    readonly KeyId?: string | undefined
  }>
}

export interface KmsModule {
  readonly KMSClient: new (options: object) => KmsClient
  readonly EncryptCommand: new (input: object) => object
  readonly DecryptCommand: new (input: object) => object
}

export interface AwsKmsOptions {
  /** `arn:aws:kms:<region>:<account>:key/<id>`, or an alias; the region is taken from it. */
  readonly keyArn: string
  /** Where KMS is asked instead of the region's own address. */
  readonly endpoint?: string
  /** How often a request is tried. Default 4. */
  readonly attemptsMax?: number
  /** Of one request. Default 5000. */
  readonly timeoutMs?: number
}

/** Loads the client of AWS, which is not installed with the server; rejects with BAD_SETTING when it is not there. */
export async function openAwsKmsKeyRing(
  options: AwsKmsOptions,
  load: () => Promise<KmsModule> = loadClient,
): Promise<KeyRing> {
  const { keyArn, endpoint, attemptsMax = 4, timeoutMs = 5000 } = options
  const [, region] = /^arn:aws[a-z-]*:kms:([a-z0-9-]+):\d+:(?:key|alias)\/.+$/.exec(keyArn) ?? []
  if (region === undefined)
    throw new TrailproofError(
      'BAD_SETTING',
      `master_key: ${keyArn} is no ARN of a KMS key: expected aws-kms:arn:aws:kms:<region>:<account>:key/<id>`,
    )
  const kms = await load().catch((cause: unknown) => {
    throw new TrailproofError(
      'BAD_SETTING',
      'master_key: AWS KMS needs its client beside Trailproof: npm install @aws-sdk/client-kms',
      { cause },
    )
  })
  const client = new kms.KMSClient({
    region,
    maxAttempts: attemptsMax,
    requestHandler: { requestTimeout: timeoutMs, connectionTimeout: timeoutMs, throwOnRequestTimeout: true },
    ...(endpoint !== undefined && { endpoint }),
  })
  return new AwsKmsKeyRing(keyArn, kms, client)
}

class AwsKmsKeyRing implements KeyRing {
  readonly #keyArn: string
  readonly #kms: KmsModule
  readonly #client: KmsClient

  constructor(keyArn: string, kms: KmsModule, client: KmsClient) {
    this.#keyArn = keyArn
    this.#kms = kms
    this.#client = client
  }

  async wrap(dataKey: Uint8Array, context: KeyContext): Promise<WrappedKey> {
    const { CiphertextBlob, KeyId = this.#keyArn } = await this.#ask(
      new this.#kms.EncryptCommand({ KeyId: this.#keyArn, Plaintext: dataKey, EncryptionContext: context }),
    )
    if (CiphertextBlob === undefined) throw faultOf(this.#keyArn, new Error('no ciphertext in the answer'))
    return { masterKey: `aws-kms:${KeyId}`, text: Buffer.from(CiphertextBlob).toString('base64') }
  }

  async unwrap({ masterKey, text }: WrappedKey, context: KeyContext): Promise<Uint8Array> {
    const [, keyId] = /^aws-kms:(.+)$/.exec(masterKey) ?? []
    if (keyId === undefined)
      throw new TrailproofError(
        'KEY_MISSING',
        `this was wrapped by ${masterKey}: set master_key to that key; trailproof keys rewrap --from-master-key goes over to another`,
      )
    const { Plaintext } = await this.#ask(
      new this.#kms.DecryptCommand({
        // Named, so that KMS does not try whatever key the ciphertext says.
        KeyId: keyId,
        CiphertextBlob: Buffer.from(text, 'base64'),
        EncryptionContext: context,
      }),
    )
    if (Plaintext === undefined) throw faultOf(keyId, new Error('no plaintext in the answer'))
    return new Uint8Array(Plaintext)
  }

  async #ask(command: object): ReturnType<KmsClient['send']> {
    try {
      return await this.#client.send(command)
    } catch (error) {
      throw faultOf(this.#keyArn, error as Error)
    }
  }
}

/** Errors of KMS that no further attempt mends. */
const FOR_GOOD: ReadonlySet<string> = new Set([
  'AccessDeniedException',
  'DisabledException',
  'IncorrectKeyException',
  'InvalidCiphertextException',
  'InvalidKeyUsageException',
  'KMSInvalidStateException',
  'NotFoundException',
])

function faultOf(keyArn: string, cause: Error): TrailproofError {
  const said = `AWS KMS, ${keyArn}: ${cause.name}${cause.message === '' ? '' : `, ${cause.message}`}`
  if (!FOR_GOOD.has(cause.name))
    return new TrailproofError('KEY_RING_UNAVAILABLE', said, { retryable: true, cause })
  return new TrailproofError(
    'KEY_MISSING',
    `${said}. The server needs kms:Encrypt and kms:Decrypt on a symmetric key that is enabled, and data keys as they were wrapped`,
    { cause },
  )
}

async function loadClient(): Promise<KmsModule> {
  // Its own types are far wider than what we call.
  return (await import('@aws-sdk/client-kms')) as unknown as KmsModule
}
