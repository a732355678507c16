/** A certificate authority of a test's own, and a certificate of it for 127.0.0.1. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestAuthority extends Disposable {
  /** PEM of the authority. */
  readonly authority: string
  readonly authorityFile: string
  readonly certificateFile: string
  readonly keyFile: string
  /** Key (PKCS #8) and certificate, one after the other. */
  readonly bundleFile: string
  /** A certificate for a client; `alternatives` as OpenSSL has them: `DNS:a,URI:spiffe://b`. */
  client(subject: string, alternatives?: string): { readonly cert: string; readonly key: string }
}

export function makeTestAuthority(): TestAuthority {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-authority-'))
  const at = (name: string): string => join(root, name)
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: root, stdio: 'pipe' })
  }
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  )
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=127.0.0.1')
  writeFileSync(at('extensions'), 'subjectAltName=IP:127.0.0.1\n')
  const signed = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '1']
  openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', '-extfile', 'extensions', ...signed)
  writeFileSync(
    at('bundle.pem'),
    readFileSync(at('server.key'), 'utf8') + readFileSync(at('server.pem'), 'utf8'),
  )
  return {
    authority: readFileSync(at('ca.pem'), 'utf8'),
    authorityFile: at('ca.pem'),
    certificateFile: at('server.pem'),
    keyFile: at('server.key'),
    bundleFile: at('bundle.pem'),
    client(subject, alternatives) {
      openssl('req', ...key, '-keyout', 'client.key', '-out', 'client.csr', '-subj', subject)
      const names = alternatives === undefined ? '' : `subjectAltName=${alternatives}\n`
      writeFileSync(at('client-extensions'), `${names}extendedKeyUsage=clientAuth\n`)
      const extensions = ['-extfile', 'client-extensions']
      openssl('x509', '-req', '-in', 'client.csr', '-out', 'client.pem', ...extensions, ...signed)
      return { cert: readFileSync(at('client.pem'), 'utf8'), key: readFileSync(at('client.key'), 'utf8') }
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}
