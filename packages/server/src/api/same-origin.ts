/**
 * Requests that a browser authenticated by itself: they count only when a page of ours made them. A change takes, beside, the
 * header Trailproof-CSRF with what only such a page can know.
 */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { callerId } from '../access/caller.ts'
import type { StoredSession } from '../directory/identities.ts'
import type { Services } from '../services.ts'
import { noteDenial, ProblemError } from './authorize.ts'
import { problem } from './problem.ts'

export const CSRF_HEADER = 'trailproof-csrf'

type SiteServices = Pick<Services, 'denials' | 'ledgers' | 'people' | 'site'>

/** Throws the problem when another site's page, or nobody knows who, made the request. */
export function assertSameOrigin(request: FastifyRequest, services: SiteServices): void {
  if (!isSameOrigin(request, services))
    throw refused(request, services, 'the request comes from another site')
}

/** Throws the problem unless the page that made the request knows what was given to pages of the session. */
export function assertCsrf(request: FastifyRequest, session: StoredSession, services: SiteServices): void {
  if (!isSameOrigin(request, services))
    throw refused(request, services, 'the request comes from another site', session)
  const given = request.headers[CSRF_HEADER]
  if (typeof given !== 'string' || !isEqual(given, session.csrf))
    throw refused(request, services, `send the session's token in the header Trailproof-CSRF`, session)
}

function isSameOrigin(request: FastifyRequest, { site }: SiteServices): boolean {
  const { origin, host, 'sec-fetch-site': fetchSite } = request.headers
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  if (origin !== undefined && origin !== (site.publicOrigin ?? `${site.scheme}://${host}`)) return false
  // `none`: typed by the user, or a bookmark; nobody's page reads the answer.
  if (fetchSite !== undefined) return fetchSite === 'same-origin' || (isRead && fetchSite === 'none')
  return origin !== undefined || isRead
}

function isEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function refused(
  request: FastifyRequest,
  services: SiteServices,
  detail: string,
  session?: StoredSession,
): ProblemError {
  const user = session && services.people.users.get(session.userId)
  const caller = user && { id: callerId({ kind: 'user', id: user.id }), name: user.name }
  const what = { ledger: undefined, caller, permission: undefined, reason: 'csrf' }
  noteDenial(request, services, what)
  return new ProblemError(problem('csrf', detail))
}
