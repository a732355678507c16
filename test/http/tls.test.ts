import { readFileSync } from 'node:fs'
import { get } from 'node:https'
import { expect, test } from 'vitest'
import { testServer } from '../support/test-server.ts'

const cert = 'test/fixtures/tls-cert.pem'

test('serves TLS with the certificate it is given', async () => {
  const server = await testServer({ tls_cert: cert, tls_key: 'test/fixtures/tls-key.pem' })
  expect(server.url).toMatch(/^https:/)
  const status = await new Promise<number | undefined>((resolve, reject) => {
    get(`${server.url}/healthz`, { ca: readFileSync(cert), servername: 'localhost' }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject)
  })
  expect(status).toBe(200)
})

test('a certificate that cannot be read stops the start and is named', async () => {
  await expect(testServer({ tls_cert: 'nowhere.pem', tls_key: 'nowhere.pem' })).rejects.toMatchObject({
    code: 'BAD_SETTING',
    message: expect.stringContaining('nowhere.pem') as string,
  })
})
