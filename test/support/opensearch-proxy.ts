/** Stands between a driver and an OpenSearch, and does to its requests what networks and clusters do. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PassedRequest {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly body: string
}

/**
 * `pass`: as it is. `refuse`: the connection is cut before it is sent on. `lose`: it is done, and the connection cut instead
 * of the answer. An object: answered with it, or with what it makes of the answer.
 */
export type Treatment =
  | 'pass'
  | 'refuse'
  | 'lose'
  | { readonly status: number; readonly body: object }
  | { readonly change: (answer: Record<string, unknown>) => object }

export interface OpenSearchProxy extends AsyncDisposable {
  readonly url: string
  /** Asked of every request; it may wait. Default: all pass. */
  treat: (request: PassedRequest) => Treatment | Promise<Treatment>
}

export async function startOpenSearchProxy(port: number): Promise<OpenSearchProxy> {
  const server = createServer((request, response) => void pass(request, response))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const proxy: OpenSearchProxy = {
    url: `opensearch://127.0.0.1:${(server.address() as AddressInfo).port}`,
    treat: () => 'pass',
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
  const pass = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url = '', headers } = request
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk as string
    const treatment = await proxy.treat({ method, path: url, body })
    if (treatment === 'refuse') return void request.socket.destroy()
    if (typeof treatment === 'object' && 'status' in treatment) return answer(response, treatment)
    const type = headers['content-type']
    const given = await fetch(`http://127.0.0.1:${port}${url}`, {
      method,
      body: body === '' ? null : body,
      headers: type === undefined ? {} : { 'content-type': type },
    })
    const text = await given.text()
    if (treatment === 'lose') return void request.socket.destroy()
    const { status } = given
    if (treatment === 'pass') return void response.writeHead(status).end(text)
    answer(response, { status, body: treatment.change(JSON.parse(text) as Record<string, unknown>) })
  }
  return proxy
}

function answer(response: ServerResponse, { status, body }: { status: number; body: object }): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
