/** What the ledger of accesses says of those who were refused. */
import type { TestServer } from '../support/test-server.ts'

export interface Denial {
  readonly actor: { readonly id: string }
  readonly source: { readonly ip: string }
  readonly metadata: {
    readonly asked: { readonly route: string; readonly permission?: string; readonly reason?: string }
  }
}

/** Denials are recorded after their answer: what is expected of them is waited for. */
export const PATIENT = { timeout: 40_000, interval: 50 }

export async function denialsOf(server: TestServer, ledger = 'main'): Promise<readonly Denial[]> {
  const of = `${ledger}.access`
  const response = await server.fetch(`/v1/ledgers/${of}`)
  if (!response.ok) return []
  const { size } = (await response.json()) as { size: number }
  const path = `/v1/search?ledger=${of}&limit=1000&min_index=${size - 1}&q=action:access.denied`
  return (await server.get<{ records: Denial[] }>(path)).records
}

/** Each denial as `caller route permission-or-reason`, once. */
export async function deniedOf(server: TestServer, ledger?: string): Promise<readonly string[]> {
  const said = (await denialsOf(server, ledger)).map(({ actor, metadata: { asked } }) =>
    [actor.id, asked.route, asked.permission ?? asked.reason ?? ''].join(' ').trimEnd(),
  )
  return [...new Set(said)].toSorted()
}

export function sent(method: string, body: unknown, headers: Record<string, string> = {}): RequestInit {
  return { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) }
}
