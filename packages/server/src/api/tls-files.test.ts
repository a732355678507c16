import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeTestAuthority } from '../../../../test/support/test-authority.ts'
import { type Certificate, followCertificate, readCertificate } from './tls-files.ts'

test('a renewal that is half there is not taken; the whole one is', async () => {
  const home = mkdtempSync(join(tmpdir(), 'trailproof-tls-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const files = { tls_cert: join(home, 'cert.pem'), tls_key: join(home, 'key.pem'), tls_client_ca: '' }
  using first = makeTestAuthority()
  using second = makeTestAuthority()
  copyFileSync(first.certificateFile, files.tls_cert)
  copyFileSync(first.keyFile, files.tls_key)
  const taken: Certificate[] = []
  const warned: unknown[] = []
  const log = { info: () => undefined, warn: (what: unknown) => warned.push(what) }
  using _ = followCertificate(files, (certificate) => taken.push(certificate), log as never, 5)

  copyFileSync(second.certificateFile, files.tls_cert)
  await vi.waitUntil(() => warned.length > 0)
  expect(taken).toEqual([])
  copyFileSync(second.keyFile, files.tls_key)
  await vi.waitUntil(() => taken.length > 0)
  expect(taken.at(-1)).toEqual(readCertificate(files))
})
