/** Asks the server for a page of records. What can go wrong is part of the answer. */
import type { ShownRecord } from './shown-record.ts'

export interface PageRequest {
  /** Address of the server, such as `https://audit.example.com`. */
  readonly server: string
  readonly token: string
  readonly q: string
  readonly cursor: string | undefined
  readonly limit: number
}

export type Page =
  | { readonly kind: 'records'; readonly records: readonly ShownRecord[]; readonly next: string | undefined }
  /** The token is over, or its key is. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'refused'; readonly detail: string }
  /** What was asked is no query. */
  | { readonly kind: 'misunderstood'; readonly detail: string }
  | { readonly kind: 'failed' }

/** Rejects only when the signal is aborted. */
export async function fetchPage(request: PageRequest, signal: AbortSignal): Promise<Page> {
  const { server, token, q, cursor, limit } = request
  try {
    const response = await fetch(`${server.replace(/\/+$/, '')}/v1/search`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ limit, ...(q !== '' && { q }), ...(cursor !== undefined && { cursor }) }),
      credentials: 'omit',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal,
    })
    const body = (await response.json()) as {
      readonly records?: readonly ShownRecord[]
      readonly next?: string | null
      readonly detail?: string
    }
    const { detail = '' } = body
    if (response.ok && Array.isArray(body.records))
      return { kind: 'records', records: body.records, next: body.next ?? undefined }
    if (response.status === 401) return { kind: 'expired' }
    if (response.status === 403) return { kind: 'refused', detail }
    if (response.status === 400) return { kind: 'misunderstood', detail }
    return { kind: 'failed' }
  } catch (error) {
    if (signal.aborted) throw error
    // The network, the browser (an origin that is not set on the server), or something in between.
    return { kind: 'failed' }
  }
}
