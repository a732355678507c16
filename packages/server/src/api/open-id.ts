/** Logins by an identity provider: the browser is sent there, and what it comes back with becomes a session. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { callerId } from '../access/caller.ts'
import type { StoredUser } from '../directory/identities.ts'
import type { OpenId, OpenIdUser, PendingLogin } from '../identity/open-id.ts'
import { CookieSeal } from '../identity/sealed-cookie.ts'
import { ACCESS_MS } from '../identity/sessions.ts'
import type { Services } from '../services.ts'
import { EMPTY } from './answers/answer.ts'
import { loginAnswer, oidcAnswer } from './answers/identity-answers.ts'
import { ProblemError } from './authorize.ts'
import { sessionView, timeOf } from './identity-views.ts'
import { problem } from './problem.ts'
import { recordChange } from './record-changes.ts'
import { cookieOf, setSessionCookies } from './session-cookies.ts'
import { noteFailure, placeOf, recordLogin } from './sessions.ts'

/** As long as people may take at their provider. */
const PENDING_MS = 10 * 60_000
const PATH = '/v1/oidc'
const CALLBACK = `${PATH}/callback`
/** A path of ours, and not what browsers take for another host. */
const RETURN_TO = '^/(?![/\\\\])[^\\\\\\s]*$'
/** Why nobody is logged in who came back; a page that they came from is told the name. */
const REFUSALS = {
  nobody: 'the identity provider let nobody in',
  'no-role': 'no group of yours has a role here',
  disabled: 'this user may not log in',
} as const
type Refusal = keyof typeof REFUSALS

interface Pending extends PendingLogin {
  readonly returnTo: string | undefined
}

export function openIdRoutes(app: FastifyInstance, services: Services): void {
  const { openId, people, site, now } = services
  const tags = ['access']
  const config = { checksOrigin: true } as const
  const seal = new CookieSeal(services.cursorKey, 'logins by OpenID Connect', now)
  const cookieName = site.isSecure ? '__Secure-trailproof-login' : 'trailproof-login'

  app.get(
    PATH,
    {
      schema: {
        tags,
        summary: 'Whether people log in by an identity provider here. Open.',
        response: { 200: oidcAnswer },
      },
    },
    () => ({ login: openId !== undefined }),
  )

  app.get<{ Querystring: { return_to?: string } }>(
    `${PATH}/login`,
    {
      config,
      schema: {
        tags,
        summary: 'Sends the browser to the identity provider. Open.',
        querystring: Type.Object({
          return_to: Type.Optional(
            Type.String({
              maxLength: 1000,
              pattern: RETURN_TO,
              description: 'Path of this server to go to with the session; default: it is answered as JSON.',
            }),
          ),
        }),
        response: { 303: EMPTY },
      },
    },
    async (request, reply) => {
      const provider = providerOf(openId, services)
      const { url, pending } = await provider.begin(`${originOf(request)}${CALLBACK}`)
      const kept: Pending = { ...pending, returnTo: request.query.return_to }
      setCookie(reply, seal.seal(kept, PENDING_MS), PENDING_MS / 1000)
      return reply.redirect(url.href, 303)
    },
  )

  app.get(
    CALLBACK,
    {
      config,
      schema: {
        tags,
        summary: 'Where the identity provider sends the browser back: begins a session, in cookies.',
        response: { 200: loginAnswer, 303: EMPTY },
      },
    },
    async (request, reply) => {
      const provider = providerOf(openId, services)
      const sealed = cookieOf(request, cookieName)
      const pending = sealed === undefined ? undefined : (seal.open(sealed) as Pending | undefined) // as it was sealed
      setCookie(reply, '', 0)
      if (!pending)
        throw new ProblemError(
          problem('bad-request', `this login was not begun here, or too long ago; begin at ${PATH}/login`),
        )
      const query = request.url.slice(request.url.indexOf('?') + 1)
      const known = await provider.finish(query, pending)
      const user = known && (await userOf(request, known))
      const { returnTo } = pending
      const refuse = (reason: Refusal, who?: StoredUser): FastifyReply => {
        noteFailure(request, services, who, REFUSALS[reason])
        if (returnTo === undefined) throw new ProblemError(problem('forbidden', REFUSALS[reason]))
        return reply.redirect(`${returnTo.split('#')[0]}#/?refused=${reason}`, 303)
      }
      if (!user) return refuse('nobody')
      if (user === 'no-role') return refuse('no-role')
      if (user.disabledAt !== undefined) return refuse('disabled', user)
      const tokens = await people.sessions.open(user.id, placeOf(request))
      await recordLogin(request, services, user, tokens, 'oidc')
      await people.users.change(user.id, { lastLoginAt: now() })
      setSessionCookies(reply, tokens, site.isSecure, now())
      if (returnTo !== undefined) return reply.redirect(returnTo, 303)
      const { session } = tokens
      return reply.send({
        session: sessionView(session, session.id),
        access_expires_at: timeOf(session.refreshedAt + ACCESS_MS),
        csrf: session.csrf,
      })
    },
  )

  /** The user as the issuer says that they are now; made at their first login. */
  async function userOf(
    request: FastifyRequest,
    known: OpenIdUser,
  ): Promise<StoredUser | 'no-role' | undefined> {
    const { issuer, subject, name, roles } = known
    const there = people.users.bySubject(issuer, subject)
    if (!there) {
      if (roles.length === 0) return 'no-role'
      const made = await people.users.add({ issuer, subject, name, roles, teams: [] })
      // Undefined: at the same moment they came twice, and are there now.
      if (made)
        try {
          await record(request, made, 'user.joined')
        } catch (error) {
          // Who is on no record may nothing.
          await people.remove(made.id)
          throw error
        }
      return made ?? people.users.bySubject(issuer, subject)
    }
    if (JSON.stringify([there.roles, there.name]) === JSON.stringify([roles, name]))
      return roles.length === 0 ? 'no-role' : there
    await record(request, { ...there, roles }, 'user.changed')
    const changed = await people.change(there.id, { roles, name })
    return roles.length === 0 ? 'no-role' : changed
  }

  function record(request: FastifyRequest, { id, name, roles }: StoredUser, action: string): Promise<void> {
    const caller = { id: callerId({ kind: 'user', id }), name }
    const target = { type: 'user', id: caller.id }
    return recordChange(services, request, caller, action, {
      ledger: undefined,
      target,
      asked: { roles, by: 'oidc' },
    })
  }

  function originOf({ headers }: FastifyRequest): string {
    return site.publicOrigin ?? `${site.scheme}://${headers.host ?? ''}`
  }

  /** Lax: it must be there when the provider sends the browser back. */
  function setCookie(reply: FastifyReply, value: string, ageSeconds: number): void {
    const attributes = `Path=${PATH}; Max-Age=${ageSeconds}; SameSite=Lax; HttpOnly${site.isSecure ? '; Secure' : ''}`
    void reply.header('set-cookie', `${cookieName}=${value}; ${attributes}`)
  }
}

function providerOf(openId: OpenId | undefined, { site }: Pick<Services, 'site'>): OpenId {
  if (!openId) throw new ProblemError(problem('not-found', 'no identity provider is set (oidc_issuer)'))
  if (site.isSecure || site.isLoopback) return openId
  throw new ProblemError(
    problem(
      'bad-request',
      'logins by browsers take https (tls_cert, or public_url behind a proxy), or this machine',
    ),
  )
}
