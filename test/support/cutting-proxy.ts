/** A way to a server that can be cut, or fall silent, at a moment of the test's choosing. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

export interface CuttingProxy extends AsyncDisposable {
  readonly port: number
  /**
   * Once a client has sent bytes that hold `text`: `before`, nothing of them reaches the server and the connection is cut;
   * `after`, they reach it and its answer is cut off; `silence`, nothing moves any more in either direction. Happens once.
   */
  at(text: string, what: 'before' | 'after' | 'silence'): void
  /** Nothing moves any more in either direction, nor is lost, until `resume`. */
  stall(): void
  resume(): void
  /** Connections from now on lead to another server of this machine; those that are there are cut. */
  leadTo(serverPort: number): void
}

export async function startCuttingProxy(firstPort: number): Promise<CuttingProxy> {
  let serverPort = firstPort
  let planned: { text: string; what: 'before' | 'after' | 'silence' } | undefined
  const sockets = new Set<Socket>()
  let isStalled = false
  const server = createServer((client) => {
    const upstream = connect(serverPort, '127.0.0.1')
    let silent = false
    let answered = true
    const cut = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      if (isStalled) socket.pause()
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        cut()
      })
    }
    client.on('data', (bytes) => {
      if (silent) return
      if (planned && bytes.includes(planned.text)) {
        const { what } = planned
        planned = undefined
        if (what === 'before') return cut()
        if (what === 'silence') {
          silent = true
          return
        }
        answered = false
      }
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (!answered) return cut()
      if (!silent) client.write(bytes)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    at(text, what) {
      planned = { text, what }
    },
    stall() {
      isStalled = true
      for (const socket of sockets) socket.pause()
    },
    resume() {
      isStalled = false
      for (const socket of sockets) socket.resume()
    },
    leadTo(port) {
      serverPort = port
      for (const socket of sockets) socket.destroy()
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
