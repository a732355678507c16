import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  addMasterKey,
  createKeyFile,
  FileKeyRing,
  openAwsKmsKeyRing,
  VaultKeyRing,
} from '@trailproof/server/ports'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type FakeKms, startFakeKms } from '../../../test/support/fake-kms.ts'
import { type FakeVault, startFakeVault } from '../../../test/support/fake-vault.ts'
import { keyRingSuite } from './key-ring.suite.ts'

const root = mkdtempSync(join(tmpdir(), 'trailproof-keyring-'))
afterAll(() => rmSync(root, { recursive: true }))

let files = 0
let path = ''
const newFile = (): FileKeyRing => {
  path = join(root, `master-${files++}`)
  createKeyFile(path)
  return new FileKeyRing({ path, data: join(root, 'data') })
}
keyRingSuite({
  name: 'file',
  open: async () => newFile(),
  rotate: async () => void addMasterKey(path),
  stranger: async () => newFile(),
})

describe('Vault', () => {
  let vault: FakeVault
  let other: FakeVault
  beforeAll(async () => {
    vault = await startFakeVault()
    other = await startFakeVault()
  })
  afterAll(async () => {
    await vault[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
  })
  const open = async ({ url, token }: FakeVault = vault): Promise<VaultKeyRing> =>
    new VaultKeyRing({ url, token, pauseMs: 1, timeoutMs: 500 })

  keyRingSuite({
    name: 'vault (a stand-in)',
    open,
    rotate: async () => vault.rotate(),
    stranger: () => open(other),
  })

  test.each([503, 429, 412, 'cut', 'silent'] as const)(
    'tries again after %s, and gives up in the end',
    async (how) => {
      const ring = await open()
      const dataKey = new Uint8Array(32).fill(7)
      vault.failNext(2, how)
      const wrapped = await ring.wrap(dataKey, { a: 'b' })
      const before = vault.requests.length
      vault.failNext(99, how)
      await expect(ring.unwrap(wrapped, { a: 'b' })).rejects.toMatchObject({
        code: 'KEY_RING_UNAVAILABLE',
        retryable: true,
      })
      expect(vault.requests.length - before).toBe(4)
      vault.failNext(0, how)
      expect(await ring.unwrap(wrapped, { a: 'b' })).toEqual(dataKey)
    },
  )

  test('says that a token is refused at once, and sends the namespace', async () => {
    const { url } = vault
    const before = vault.requests.length
    const ring = new VaultKeyRing({ url, token: 'hvs.old', namespace: 'team/audit' })
    await expect(ring.wrap(new Uint8Array(32), {})).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining('refuses the token (permission denied)') as string,
    })
    expect(vault.requests.slice(before)).toEqual([
      { path: '/v1/transit/encrypt/audit', namespace: 'team/audit' },
    ])
  })
})

describe('AWS KMS', () => {
  let kms: FakeKms
  let other: FakeKms
  const open = ({ endpoint, keyArn }: FakeKms = kms) => openAwsKmsKeyRing({ endpoint, keyArn })
  beforeAll(async () => {
    kms = await startFakeKms('one')
    other = await startFakeKms('two')
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIATEST')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await kms[Symbol.asyncDispose]()
    await other[Symbol.asyncDispose]()
  })

  keyRingSuite({
    name: 'aws-kms (a stand-in)',
    open: () => open(),
    rotate: async () => kms.rotate(),
    stranger: () => open(other),
  })

  test('asks in the region of the key, again when KMS fails, and says when it must not', async () => {
    const ring = await open()
    kms.failNext(1, 'KMSInternalException', 500)
    await ring.wrap(new Uint8Array(32), { a: 'b' })
    expect(kms.regions.at(-1)).toBe('eu-central-1')
    kms.failNext(1, 'AccessDeniedException', 400)
    await expect(ring.wrap(new Uint8Array(32), {})).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining('kms:Encrypt') as string,
    })
  })
})
