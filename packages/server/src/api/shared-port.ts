/**
 * One port for HTTP/1.1 and for gRPC: the first bytes of a connection tell which it is, under TLS ALPN does.
 * HTTP/1.1 is served as if this were not here; it costs a connection one look, and a request nothing.
 */
import { constants } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type TLSSocket, type TlsOptions, Server as TlsServer } from 'node:tls'
import type { Certificate } from './tls-files.ts'

/** As a request's headers; a connection that has said nothing by then is closed. */
const FIRST_BYTES_TIMEOUT_MS = 20_000
/** How often Node looks for requests that take too long. Of its own accord, 30 s: then 20 s for headers would be up to 50. */
const CHECK_MS = 5000
/** How every HTTP/2 connection begins (RFC 9113, 3.4). No method of HTTP/1.1 does. */
const PREFACE = Buffer.from('PRI * HTTP/2.0')

export interface SharedPortOptions {
  /** Takes connections that speak HTTP/2, their first bytes put back. */
  readonly takeHttp2: (connection: Duplex) => void
  /** Serve TLS with this; cleartext otherwise. */
  readonly tls: Certificate | undefined
  /** Told of each connection of TLS when its handshake is done, before anything is read. */
  readonly onSecure?: (socket: TLSSocket) => void
  /** Connections at once; further ones are closed as they come. */
  readonly connectionsMax: number
  readonly onRefused: () => void
}

export class SharedPort {
  readonly #options: SharedPortOptions
  /** Connections that asked nothing so far: Node does not count them as idle, so a stop would wait for their clients. */
  readonly #silent = new Set<Socket>()
  readonly #servers: Server[] = []

  constructor(options: SharedPortOptions) {
    this.#options = options
  }

  get isTls(): boolean {
    return this.#options.tls !== undefined
  }

  /** An HTTP server that hands connections of HTTP/2 over; may be called for several addresses. */
  createServer(listener: RequestListener): Server {
    const { tls, takeHttp2, onSecure, connectionsMax, onRefused } = this.#options
    const checked = { connectionsCheckingInterval: CHECK_MS }
    // Whoever offers both gets HTTP/1.1, which browsers need; gRPC clients offer h2 alone.
    const server = tls
      ? createTlsServer(
          { ...checked, ...tls, ...clientCertificates(tls), ALPNProtocols: ['http/1.1', 'h2'] },
          listener,
        )
      : createServer(checked, listener)
    const event = tls ? 'secureConnection' : 'connection'
    const takeHttp1 = server.listeners(event)
    server.removeAllListeners(event)
    const hand = (socket: Socket, isHttp2: boolean): void => {
      if (isHttp2) {
        this.#silent.delete(socket)
        takeHttp2(socket)
      } else for (const take of takeHttp1) take.call(server, socket)
    }
    if (tls) this.#followHandshakes(server)
    server.on(event, (socket: Socket) => {
      this.#follow(socket)
      if (tls) onSecure?.(socket as TLSSocket)
      if (tls) hand(socket, (socket as TLSSocket).alpnProtocol === 'h2')
      else readPreface(socket, (isHttp2) => hand(socket, isHttp2))
    })
    server.on('request', ({ socket }) => this.#silent.delete(socket))
    server.maxConnections = connectionsMax
    server.on('drop', onRefused)
    this.#servers.push(server)
    return server
  }

  /** The certificate for connections from now on. */
  show(certificate: Certificate): void {
    for (const server of this.#servers) if (server instanceof TlsServer) server.setSecureContext(certificate)
  }

  #follow(socket: Socket): void {
    this.#silent.add(socket)
    socket.once('close', () => this.#silent.delete(socket))
  }

  /** Connections whose handshake is not done are silent, too; what becomes of one of them is another socket. */
  #followHandshakes(server: Server): void {
    const inHandshake = new Map<string, Socket>()
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket)
      this.#follow(socket)
      inHandshake.set(peer, socket)
      socket.once('close', () => {
        if (inHandshake.get(peer) === socket) inHandshake.delete(peer)
      })
    })
    server.on('secureConnection', (secured: TLSSocket) => {
      const peer = peerOf(secured)
      const socket = inHandshake.get(peer)
      if (socket) this.#silent.delete(socket)
      inHandshake.delete(peer)
    })
  }

  /** Closes the connections without a single request so far. */
  closeSilent(): void {
    for (const socket of this.#silent) socket.destroy()
  }
}

/** Asked for and not required: who has a token needs none. A handshake that is resumed would skip what has changed since. */
function clientCertificates({ ca }: Certificate): TlsOptions {
  return ca === undefined
    ? {}
    : { requestCert: true, rejectUnauthorized: false, secureOptions: constants.SSL_OP_NO_TICKET }
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

/** Tells whether a connection begins as HTTP/2, and leaves its bytes in it. */
function readPreface(socket: Socket, tell: (isHttp2: boolean) => void): void {
  let head: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => socket.destroy(), FIRST_BYTES_TIMEOUT_MS)
  timer.unref()
  const read = (chunk: Buffer): void => {
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk])
    const compared = Math.min(head.length, PREFACE.length)
    const isHttp2 = PREFACE.compare(head, 0, compared, 0, compared) === 0
    if (isHttp2 && compared < PREFACE.length) return // cut within the first bytes: wait for the others
    clearTimeout(timer)
    socket.off('data', read)
    socket.off('end', close)
    socket.off('error', ignore)
    socket.pause()
    socket.unshift(head)
    tell(isHttp2)
    // HTTP/1.1 reads on from here; HTTP/2 has taken the bytes and the connection under them.
    if (!isHttp2) socket.resume()
  }
  // Servers of HTTP leave their side open: a client that is gone without a word would hold its place until the timeout.
  const close = (): unknown => socket.destroy()
  socket.on('data', read)
  socket.on('end', close)
  socket.on('error', ignore)
  socket.once('close', () => clearTimeout(timer))
}

/** A connection that breaks before it said anything is of no interest; one without a listener would end the process. */
function ignore(): void {}
