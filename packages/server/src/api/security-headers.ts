/**
 * What browsers are told with every answer: records are no pages, and nobody else's page may frame, read or guess them. No
 * CORS headers are sent, so that pages of other origins read nothing; but with viewer tokens (viewer-pages.ts).
 */

const ALWAYS: readonly (readonly [name: string, value: string])[] = [
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['x-content-type-options', 'nosniff'],
]

/** A year, after which browsers may try without TLS again (RFC 6797). */
const ONLY_TLS = ['strict-transport-security', 'max-age=31536000'] as const

/** For answers that do not say otherwise themselves, such as the pages of `/docs`. */
export function securityHeadersOf(isTls: boolean): readonly (readonly [name: string, value: string])[] {
  return isTls ? [...ALWAYS, ONLY_TLS] : ALWAYS
}
