/** Where a request came from. What proxies say counts only as far as they are trusted. */
import type { IncomingMessage } from 'node:http'
import type { Json } from '../recorder/snapshot.ts'

/** Addresses of X-Forwarded-For that are kept. */
const FORWARDED_MAX = 32
const ADDRESS_CHARS_MAX = 512

export function clientAddress({ headers, socket }: IncomingMessage, trustedProxies: number): Json {
  const forwarded = listOf(headers['x-forwarded-for'])
  const connection = plain(socket.remoteAddress)
  // Each proxy adds the address that it was connected from at the end; ours is the last of them.
  const hops = connection === undefined ? forwarded : [...forwarded, connection]
  const ip = hops[Math.max(0, hops.length - 1 - trustedProxies)]
  const userAgent = headers['user-agent']
  return {
    ...(forwarded.length > 0 && { forwarded }),
    ...(ip !== undefined && { ip }),
    ...(userAgent !== undefined && { user_agent: userAgent }),
  }
}

/** An IPv4 address on a socket that speaks IPv6 too, as people know it. */
function plain(address: string | undefined): string | undefined {
  return address?.startsWith('::ffff:') === true && address.includes('.') ? address.slice(7) : address
}

function listOf(header: string | readonly string[] | undefined): string[] {
  if (header === undefined) return []
  const text = typeof header === 'string' ? header : header.join(',')
  return text
    .split(',')
    .slice(-FORWARDED_MAX)
    .map((address) => address.trim().slice(0, ADDRESS_CHARS_MAX))
    .filter((address) => address !== '')
}
