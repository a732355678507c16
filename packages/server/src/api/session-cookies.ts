/**
 * Cookies of sessions, for browsers. Under https their names keep other hosts and paths from setting them; on plain http,
 * which is for this machine alone, such names are not to be had.
 */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { SessionTokens } from '../identity/sessions.ts'
import { ACCESS_MS, endOf } from '../identity/sessions.ts'

/** The only path to which a browser gives the token that sessions go on with. */
export const REFRESH_PATH = '/v1/session'

declare module 'fastify' {
  interface FastifyRequest {
    /** The access token, where it came as a cookie and no other credential did. */
    cookieToken: string | undefined
  }
}

export interface CookieNames {
  readonly access: string
  readonly refresh: string
  /** For the page to read, and to send back as the header Trailproof-CSRF. */
  readonly csrf: string
}

export function cookieNames(isSecure: boolean): CookieNames {
  return isSecure
    ? {
        access: '__Host-trailproof',
        refresh: '__Secure-trailproof-refresh',
        csrf: '__Host-trailproof-csrf',
      }
    : { access: 'trailproof', refresh: 'trailproof-refresh', csrf: 'trailproof-csrf' }
}

/** The value of a cookie; undefined when there is none of that name. */
export function cookieOf({ headers }: Pick<FastifyRequest, 'headers'>, name: string): string | undefined {
  for (const pair of headers.cookie?.split(';') ?? []) {
    const equals = pair.indexOf('=')
    if (equals >= 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}

export function setSessionCookies(
  reply: FastifyReply,
  { session, accessToken, refreshToken }: SessionTokens,
  isSecure: boolean,
  now: number,
): void {
  const names = cookieNames(isSecure)
  const restMs = endOf(session) - now
  void reply.header('set-cookie', [
    cookie(names.access, accessToken, { path: '/', ageMs: Math.min(ACCESS_MS, restMs), isSecure }),
    cookie(names.refresh, refreshToken, { path: REFRESH_PATH, ageMs: restMs, isSecure }),
    cookie(names.csrf, session.csrf, { path: '/', ageMs: restMs, isSecure, isRead: true }),
  ])
}

export function clearSessionCookies(reply: FastifyReply, isSecure: boolean): void {
  const names = cookieNames(isSecure)
  void reply.header('set-cookie', [
    cookie(names.access, '', { path: '/', ageMs: 0, isSecure }),
    cookie(names.refresh, '', { path: REFRESH_PATH, ageMs: 0, isSecure }),
    cookie(names.csrf, '', { path: '/', ageMs: 0, isSecure, isRead: true }),
  ])
}

interface CookieOptions {
  readonly path: string
  readonly ageMs: number
  readonly isSecure: boolean
  /** Pages may read it. Default: only the browser. */
  readonly isRead?: boolean
}

function cookie(name: string, value: string, { path, ageMs, isSecure, isRead }: CookieOptions): string {
  return [
    `${name}=${value}`,
    `Path=${path}`,
    `Max-Age=${Math.floor(ageMs / 1000)}`,
    'SameSite=Strict',
    ...(isRead ? [] : ['HttpOnly']),
    ...(isSecure ? ['Secure'] : []),
  ].join('; ')
}
