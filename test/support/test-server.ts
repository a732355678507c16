/** A server of its own for a test: temporary data and keys, a free port, stopped and deleted at the end. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RunningServer, readConfig, startServer } from '@trailproof/server'
import { onTestFinished } from 'vitest'

export const ADMIN_TOKEN = 'admin-token-of-the-tests'

export interface TestServer {
  readonly url: string
  readonly data: string
  readonly keys: string
  readonly running: RunningServer
  /** Fetches a path as the admin, or with the given token (undefined: none). */
  fetch(path: string, init?: RequestInit & { token?: string | undefined }): Promise<Response>
  /** The JSON body of a GET that must succeed. */
  get<T = Record<string, unknown>>(path: string): Promise<T>
  /** Posts JSON and gives status and body. */
  post(
    path: string,
    body: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Answer }>
  /** Stops it and starts another on the same data. */
  restart(settings?: Record<string, unknown>): Promise<TestServer>
}

export interface Receipt {
  readonly id: string
  readonly ledger: string
  readonly index: number
  readonly leaf_hash: string
  readonly recorded_at: string
  readonly status: string
  readonly leaf?: string
  readonly proof?: readonly string[]
  readonly quarantine_id?: string
  readonly problems?: readonly { field: string; message: string; code: string }[]
}

/** An answer to ingest, or a problem document. */
export interface Answer {
  readonly checkpoint: string
  readonly receipts: readonly Receipt[]
  readonly detail?: string
  readonly type?: string
  readonly [member: string]: unknown
}

export async function testServer(settings: Record<string, unknown> = {}): Promise<TestServer> {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-test-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return start(join(root, 'data'), join(root, 'keys'), settings)
}

async function start(data: string, keys: string, settings: Record<string, unknown>): Promise<TestServer> {
  const flags = {
    data,
    keys,
    port: 0,
    admin_token: ADMIN_TOKEN,
    log_level: 'silent',
    disk_reserve_mib: 1,
    // Most tests erase alone; those of approvals say that it takes two.
    approvals: 'one',
    ...settings,
  }
  const running = await startServer(readConfig({ flags, env: {} }), {
    onFatal: (error) => {
      throw error
    },
  })
  let stopped = false
  const stop = async (): Promise<void> => {
    if (stopped) return
    stopped = true
    await running.stop()
  }
  onTestFinished(stop)

  const server: TestServer = {
    url: running.url,
    data,
    keys,
    running: { ...running, stop },
    fetch(path, { token = ADMIN_TOKEN, ...init } = {}) {
      const headers = new Headers(init.headers)
      if (token) headers.set('authorization', `Bearer ${token}`)
      return fetch(running.url + path, { ...init, headers })
    },
    async get<T>(path: string) {
      const response = await server.fetch(path)
      if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as T
    },
    async post(path, body, headers = {}) {
      const response = await server.fetch(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body:
          typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      })
      return { status: response.status, body: (await response.json()) as Answer }
    },
    async restart(changed = {}) {
      await stop()
      return start(data, keys, { ...settings, ...changed })
    },
  }
  return server
}
