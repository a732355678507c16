import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { expect, onTestFinished, test, vi } from 'vitest'
import { makeTestAuthority, type TestAuthority } from '../support/test-authority.ts'
import { testServer } from '../support/test-server.ts'

const cert = 'test/fixtures/tls-cert.pem'

test('serves TLS with the certificate it is given, and tells browsers to stay with it', async () => {
  const server = await testServer({ tls_cert: cert, tls_key: 'test/fixtures/tls-key.pem' })
  expect(server.url).toMatch(/^https:/)
  const answer = await new Promise<{ status: number | undefined; sts: string | undefined }>(
    (resolve, reject) => {
      get(`${server.url}/healthz`, { ca: readFileSync(cert), servername: 'localhost' }, (response) => {
        response.resume()
        resolve({ status: response.statusCode, sts: response.headers['strict-transport-security'] })
      }).on('error', reject)
    },
  )
  expect(answer).toEqual({ status: 200, sts: 'max-age=31536000' })
})

test.each<[string, string]>([
  ['nowhere.pem', 'nowhere.pem'],
  ['package.json', 'package.json'],
])('a certificate that cannot be read stops the start and is named (%s)', async (tls_cert, tls_key) => {
  await expect(testServer({ tls_cert, tls_key })).rejects.toMatchObject({
    code: 'BAD_SETTING',
    message: expect.stringContaining('tls_cert, tls_key') as string,
  })
})

test('a renewed certificate is shown without a restart', async () => {
  const home = mkdtempSync(join(tmpdir(), 'trailproof-tls-'))
  onTestFinished(() => rmSync(home, { recursive: true }))
  const files = { tls_cert: join(home, 'cert.pem'), tls_key: join(home, 'key.pem') }
  using first = makeTestAuthority()
  using second = makeTestAuthority()
  const put = ({ certificateFile, keyFile }: TestAuthority): void => {
    copyFileSync(certificateFile, files.tls_cert)
    copyFileSync(keyFile, files.tls_key)
  }
  put(first)
  const server = await testServer(files)
  const port = Number(new URL(server.url).port)
  expect(await isShownBy(port, first)).toBe(true)

  put(second)
  await vi.waitUntil(() => isShownBy(port, second), { timeout: 30_000, interval: 50 })
})

/** Whether a new connection finds a certificate of that authority. */
function isShownBy(port: number, { authority }: TestAuthority): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority }, () => {
      resolve(socket.authorized)
      socket.destroy()
    })
    socket.on('error', () => resolve(false))
  })
}
