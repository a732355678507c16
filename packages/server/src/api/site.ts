/** Where people reach the server: what decides about cookies, and which pages are ours. */
import { isIPv4 } from 'node:net'
import type { Settings } from '../settings.ts'

export interface Site {
  /** Browsers come by https: to us, or to a proxy in front of us. */
  readonly isSecure: boolean
  /** Nobody comes from other machines. */
  readonly isLoopback: boolean
  readonly scheme: 'http' | 'https'
  /** Such as `https://audit.example.com`; undefined: whatever address the request was sent to. */
  readonly publicOrigin: string | undefined
}

export function siteOf({
  host,
  tls_cert,
  public_url,
}: Pick<Settings, 'host' | 'tls_cert' | 'public_url'>): Site {
  const scheme = tls_cert === '' ? 'http' : 'https'
  return {
    isSecure: scheme === 'https' || public_url.startsWith('https:'),
    isLoopback: isLoopback(host),
    scheme,
    publicOrigin: public_url === '' ? undefined : new URL(public_url).origin,
  }
}

export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || host === '[::1]' || (isIPv4(host) && host.startsWith('127.'))
  )
}
