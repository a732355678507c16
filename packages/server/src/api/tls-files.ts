/** The certificate that the port shows: read from its files, and again whenever they change. */
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { createSecureContext } from 'node:tls'
import type { Logger } from 'pino'
import type { Settings } from '../settings.ts'
import { TrailproofError } from '../trailproof-error.ts'

/** Certificates are renewed days before they expire. */
const LOOK_EVERY_MS = 2_000

export interface Certificate {
  /** PEM, the chain with it. */
  readonly cert: Buffer
  readonly key: Buffer
  /** PEM of the authorities whose clients are asked for certificates; undefined: none is asked. */
  readonly ca?: Buffer
}

type TlsFiles = Pick<Settings, 'tls_cert' | 'tls_key' | 'tls_client_ca'>

/** Undefined without the settings. Rejects with BAD_SETTING for files that cannot be read, or do not belong together. */
export function readCertificate({ tls_cert, tls_key, tls_client_ca }: TlsFiles): Certificate | undefined {
  if (tls_cert === '') {
    if (tls_client_ca === '') return undefined
    throw new TrailproofError('BAD_SETTING', 'tls_client_ca needs tls_cert and tls_key')
  }
  try {
    const certificate = {
      cert: readFileSync(tls_cert),
      key: readFileSync(tls_key),
      ...(tls_client_ca !== '' && { ca: readAuthorities(tls_client_ca) }),
    }
    createSecureContext(certificate)
    return certificate
  } catch (cause) {
    throw new TrailproofError(
      'BAD_SETTING',
      `tls_cert, tls_key${tls_client_ca === '' ? '' : ', tls_client_ca'}: ${(cause as Error).message}`,
      { cause },
    )
  }
}

/** OpenSSL takes a file without any for one that trusts nobody, and says nothing. */
function readAuthorities(path: string): Buffer {
  const pem = readFileSync(path)
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw new Error(`${path} holds no certificate`)
  return pem
}

/**
 * Hands over what a renewal wrote; connections that are there keep what they have. While only one of the two files is
 * new, or they cannot be read, the certificate of before stays, and the log says so.
 */
export function followCertificate(
  files: TlsFiles,
  take: (certificate: Certificate) => void,
  log: Pick<Logger, 'info' | 'warn'>,
  lookEveryMs = LOOK_EVERY_MS,
): Disposable {
  const { tls_cert, tls_key, tls_client_ca } = files
  const paths = tls_cert === '' ? [] : [tls_cert, tls_key, tls_client_ca].filter((path) => path !== '')
  const changed = (): void => {
    try {
      take(readCertificate(files)!)
      log.info({ file: files.tls_cert }, 'a new certificate is shown from now on')
    } catch (error) {
      log.warn({ err: error }, 'the certificate of before stays')
    }
  }
  // Not by events: what is mounted or linked anew, as secrets in containers are, sends none.
  for (const path of paths) watchFile(path, { interval: lookEveryMs, persistent: false }, changed)
  return {
    [Symbol.dispose]() {
      for (const path of paths) unwatchFile(path, changed)
    },
  }
}
