/** The certificates that clients show on connections of TLS, as far as an authority that we trust has signed them. */
import type { TLSSocket } from 'node:tls'
import type { CertificateNames } from '../access/credentials.ts'

/** One name of a certificate as OpenSSL's text has it; what is quoted has characters that no name of a service needs. */
const ALTERNATIVE = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/g

export class ClientCertificates {
  readonly #onUntrusted: (address: string | undefined) => void
  readonly #bySocket = new WeakMap<object, CertificateNames>()
  /** By `address:port`, while the connection is open: calls of gRPC know no more of theirs. */
  readonly #byPeer = new Map<string, CertificateNames>()

  /** `onUntrusted` is told of each connection with a certificate that counts as none. */
  constructor(onUntrusted: (address: string | undefined) => void) {
    this.#onUntrusted = onUntrusted
  }

  /** Looks at a connection whose handshake is done. */
  take(socket: TLSSocket): void {
    const certificate = socket.getPeerX509Certificate()
    if (certificate === undefined) return
    if (!socket.authorized) {
      this.#onUntrusted(socket.remoteAddress)
      return
    }
    const names: CertificateNames = {
      alternatives: alternativesOf(certificate.subjectAltName ?? ''),
      subject: certificate.subject.split('\n').join(','),
      expiresAt: certificate.validToDate.getTime(),
      fingerprint: certificate.fingerprint256,
    }
    this.#bySocket.set(socket, names)
    const peer = `${socket.remoteAddress}:${socket.remotePort}`
    this.#byPeer.set(peer, names)
    socket.once('close', () => {
      if (this.#byPeer.get(peer) === names) this.#byPeer.delete(peer)
    })
  }

  of(socket: object): CertificateNames | undefined {
    return this.#bySocket.get(socket)
  }

  ofPeer(peer: string): CertificateNames | undefined {
    return this.#byPeer.get(peer)
  }
}

/** Names of hosts without case, as DNS has them. */
export function alternativesOf(text: string): readonly string[] {
  return [...text.matchAll(ALTERNATIVE)].flatMap(([, kind, value = '']) => {
    if (kind === 'DNS' && !value.startsWith('"')) return [`DNS:${value.toLowerCase()}`]
    return kind === 'URI' && !value.startsWith('"') ? [`URI:${value}`] : []
  })
}
