import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { openAwsKmsKeyRing } from './aws-kms-key-ring.ts'
import { addMasterKey, createKeyFile } from './file-key-ring.ts'
import { openKeyRing } from './open-key-ring.ts'

let root: string
let data: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'trailproof-master-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  data = join(root, 'data')
  mkdirSync(data)
})

const refusal = (masterKey: string, more: object = {}): Promise<string> =>
  openKeyRing({ masterKey, data, ...more }).then(
    () => 'opened',
    (error: { code: string; message: string }) => `${error.code} ${error.message}`,
  )

describe('a key file', () => {
  test('is made for its owner alone, once, and takes further keys before the first', async () => {
    const path = join(root, 'master')
    createKeyFile(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(() => createKeyFile(path)).toThrow(/is there already/)
    const ring = await openKeyRing({ masterKey: `file:${path}`, data })
    const old = await ring.wrap(new Uint8Array(32), {})
    const added = addMasterKey(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect((await ring.wrap(new Uint8Array(32), {})).masterKey).toBe(added)
    expect(await ring.unwrap(old, {})).toEqual(new Uint8Array(32))
  })

  test('that is not there is told how to make it', async () => {
    expect(await refusal(`file:${join(root, 'gone')}`)).toMatch(/BAD_SETTING .*trailproof keys create/)
  })

  test.each([0o640, 0o604, 0o660])('that others may read (%o) is refused', async (mode) => {
    const path = join(root, 'master')
    createKeyFile(path)
    chmodSync(path, mode)
    expect(await refusal(`file:${path}`)).toMatch(/BAD_SETTING .*chmod 600/)
  })

  test('in the directory of the data is refused, also by way of a link', async () => {
    const path = join(data, 'master')
    createKeyFile(path)
    symlinkSync(path, join(root, 'link'))
    expect(await refusal(`file:${path}`)).toMatch(/BAD_SETTING .*lies in/)
    expect(await refusal(`file:${join(root, 'link')}`)).toMatch(/BAD_SETTING .*lies in/)
  })

  test.each([
    ['nothing', ''],
    ['a key that is too short', 'AAAA'],
    ['what is not base64', '*'.repeat(44)],
    ['a key and half of another', `${'A'.repeat(43)}=\nAAAA`],
  ])('that holds %s is refused', async (_, text) => {
    const path = join(root, 'master')
    writeFileSync(path, text, { mode: 0o600 })
    expect(await refusal(`file:${path}`)).toMatch(/BAD_SETTING .*(no key of 32 bytes|holds no key)/)
  })

  test('whose key was taken away says which one is to be put back', async () => {
    const path = join(root, 'master')
    createKeyFile(path)
    const ring = await openKeyRing({ masterKey: `file:${path}`, data })
    const wrapped = await ring.wrap(new Uint8Array(32), {})
    addMasterKey(path)
    const [first] = readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => /^[^#]/.test(line))
    writeFileSync(path, first!)
    await expect(ring.unwrap(wrapped, {})).rejects.toMatchObject({
      code: 'KEY_MISSING',
      message: expect.stringContaining(wrapped.masterKey) as string,
    })
  })
})

test.each([
  ['nonsense', /expected file:/],
  ['file:', /expected file:/],
  ['https://vault/transit/keys/a', /expected file:/],
  ['vault:vault.example.com/transit/keys/a', /names no key/],
  ['vault:https://vault.example.com/transit', /names no key/],
  ['vault:https://vault.example.com/transit/keys/a', /VAULT_TOKEN/],
  ['aws-kms:1234', /no ARN/],
])('%s is refused as a master key', async (masterKey, reason) => {
  expect(await refusal(masterKey)).toMatch(reason)
})

test('AWS KMS without its client says what to install', async () => {
  const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/a'
  await expect(
    openAwsKmsKeyRing({ keyArn }, () => Promise.reject(new Error('Cannot find package'))),
  ).rejects.toMatchObject({
    code: 'BAD_SETTING',
    message: expect.stringContaining('npm install @aws-sdk/client-kms') as string,
  })
})
