/** How requests show who asks: by an API key that is said with each, or by the cookies of a session. */

export interface Credentials {
  /** Headers of a request with this method. */
  headers(method: string): Readonly<Record<string, string>>
  /** Goes on with what has run out; false when that cannot be. */
  renew(): Promise<boolean>
}

export function keyCredentials(token: string): Credentials {
  return { headers: () => ({ authorization: `Bearer ${token}` }), renew: async () => false }
}

/** A session's access token lasts 15 minutes (docs/identity.md). */
export const RENEW_EVERY_MS = 10 * 60_000
/** What another tab has renewed so lately need not be renewed again. */
const FRESH_MS = 60_000
const RENEWED_AT = 'trailproof.renewed'

/** Cookies that no page can read, and beside them the token that shows that a page of ours asks. */
export const cookieCredentials: Credentials = {
  headers(method) {
    const token = csrfToken()
    return method === 'GET' || token === undefined ? {} : { 'trailproof-csrf': token }
  },
  renew: () => aloneInBrowser(renewOnce),
}

async function renewOnce(): Promise<boolean> {
  if (Date.now() - Number(localStorage.getItem(RENEWED_AT) ?? 0) < FRESH_MS) return true
  const headers = { ...cookieCredentials.headers('POST'), 'content-type': 'application/json' }
  const response = await fetch('v1/session/refresh', { method: 'POST', headers, body: '{}' }).catch(
    () => undefined,
  )
  if (response?.ok) noteRenewal()
  return response?.ok ?? false
}

/** Of two tabs that renew at once, the second would look like a thief, and end the session. */
function aloneInBrowser(work: () => Promise<boolean>): Promise<boolean> {
  // Browsers have locks for pages that come over TLS or from this machine alone.
  return 'locks' in navigator ? navigator.locks.request('trailproof renew', work) : work()
}

export function noteRenewal(): void {
  localStorage.setItem(RENEWED_AT, String(Date.now()))
}

/** Undefined: this browser has no session here. */
export function csrfToken(): string | undefined {
  return /(?:^|;\s*)(?:__Host-)?trailproof-csrf=([^;]+)/.exec(document.cookie)?.[1]
}
