/** A proxy as people put before a server: below a path of its own, which it takes away. */
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PathProxy extends AsyncDisposable {
  /** With the path, without a slash at its end. */
  readonly url: string
}

export async function pathProxy(to: string, path: string): Promise<PathProxy> {
  const target = new URL(to)
  const server = createServer((incoming, outgoing) => {
    if (!incoming.url?.startsWith(`${path}/`)) {
      outgoing.writeHead(404).end()
      return
    }
    const { hostname, port } = target
    const { method, headers } = incoming
    const asked = request(
      { hostname, port, method, headers, path: incoming.url.slice(path.length) },
      (answer) => {
        outgoing.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(outgoing)
      },
    )
    asked.on('error', () => outgoing.destroy())
    incoming.pipe(asked)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
