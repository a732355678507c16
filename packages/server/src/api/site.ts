/** Where people reach the server: what decides about cookies, and which pages are ours. */
import { isIPv4 } from 'node:net'
import type { Settings } from '../settings.ts'
import { TrailproofError } from '../trailproof-error.ts'

export interface Site {
  /** Browsers come by https: to us, or to a proxy in front of us. */
  readonly isSecure: boolean
  /** Nobody comes from other machines. */
  readonly isLoopback: boolean
  readonly scheme: 'http' | 'https'
  /** Such as `https://audit.example.com`; undefined: whatever address the request was sent to. */
  readonly publicOrigin: string | undefined
  /** Of pages elsewhere that may show records by viewer tokens. */
  readonly viewerOrigins: ReadonlySet<string>
}

export function siteOf({
  host,
  tls_cert,
  public_url,
  viewer_origins,
}: Pick<Settings, 'host' | 'tls_cert' | 'public_url' | 'viewer_origins'>): Site {
  const scheme = tls_cert === '' ? 'http' : 'https'
  return {
    isSecure: scheme === 'https' || public_url.startsWith('https:'),
    isLoopback: isLoopback(host),
    scheme,
    publicOrigin: public_url === '' ? undefined : new URL(public_url).origin,
    viewerOrigins: originsOf(viewer_origins),
  }
}

/** Whole origins alone: one that is meant to cover others would let in whoever can get such a name. */
function originsOf(text: string): ReadonlySet<string> {
  const origins = text.split(',').map((each) => each.trim())
  const given = origins.filter((origin) => origin !== '')
  for (const origin of given)
    if (!/^https?:/.test(origin) || URL.parse(origin)?.origin !== origin)
      throw new TrailproofError(
        'BAD_SETTING',
        `viewer_origins: expected origins such as https://shop.example.com, got ${JSON.stringify(origin)}`,
      )
  return new Set(given)
}

export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'))
  )
}
