/** An HTTP server that answers as a script says, and keeps what it was asked. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { onTestFinished } from 'vitest'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  /** Decompressed. */
  readonly body: string
  readonly records: readonly { readonly id: string }[]
}

export type Reply = (asked: Asked, response: ServerResponse) => void

export interface ScriptedServer {
  readonly url: string
  readonly asked: readonly Asked[]
  readonly connections: number
  replies: Reply[]
  readonly server: Server
}

/** After the script everything is recorded. */
export async function scriptedServer(replies: Reply[] = []): Promise<ScriptedServer> {
  const asked: Asked[] = []
  let connections = 0
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('error', () => undefined)
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const body = decoded(Buffer.concat(chunks), headers['content-encoding'])
      const lines = body.split('\n').filter((line) => line !== '')
      const one = {
        method,
        url,
        headers,
        body,
        records: lines.map((line) => JSON.parse(line) as { id: string }),
      }
      asked.push(one)
      ;(scripted.replies.shift() ?? recorded())(one, response)
    })
  })
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const scripted: ScriptedServer = {
    url: `http://127.0.0.1:${port}`,
    asked,
    get connections() {
      return connections
    },
    replies,
    server,
  }
  return scripted
}

function decoded(bytes: Buffer, encoding: string | undefined): string {
  if (encoding === 'gzip') return gunzipSync(bytes).toString()
  if (encoding === 'zstd') return zstdDecompressSync(bytes).toString()
  return bytes.toString()
}

/** An answer to ingest; `more` replaces the receipts of single records. */
export function recorded(more: Readonly<Record<number, object>> = {}): Reply {
  return ({ records }, response) => {
    const receipts = records.map(
      ({ id }, at) =>
        more[at] ?? {
          id,
          ledger: 'main',
          index: at,
          leaf_hash: Buffer.alloc(32).toString('base64'),
          recorded_at: '2026-11-20T12:00:00.000000Z',
          status: 'recorded',
        },
    )
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ ledger: 'main', checkpoint: 'a note\n', receipts }))
  }
}

export function status(code: number, headers: Readonly<Record<string, string>> = {}, body = ''): Reply {
  return (_, response) => {
    response.writeHead(code, headers)
    response.end(body)
  }
}
