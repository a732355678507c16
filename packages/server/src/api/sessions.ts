/** Sessions: log in, go on, log out, and look after the sessions that there are. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { administersRoles } from '../access/administration.ts'
import { callerId } from '../access/caller.ts'
import type { StoredUser } from '../directory/identities.ts'
import { PASSWORD_LENGTH_MAX, passwordProblem } from '../identity/passwords.ts'
import { ACCESS_MS, type SessionTokens } from '../identity/sessions.ts'
import type { Services } from '../services.ts'
import { EMPTY } from './answers/answer.ts'
import { loginAnswer, sessionsAnswer } from './answers/identity-answers.ts'
import { callerOf, credentialsOf, noteDenial, ProblemError } from './authorize.ts'
import { sessionView, timeOf } from './identity-views.ts'
import { problem } from './problem.ts'
import { recordChange } from './record-changes.ts'
import { assertCsrf, assertSameOrigin } from './same-origin.ts'
import { clearSessionCookies, cookieNames, cookieOf, setSessionCookies } from './session-cookies.ts'

const CLIENT_CHARS_MAX = 200
/** Four bytes a character, at most. */
const password = Type.String({ maxLength: 4 * PASSWORD_LENGTH_MAX })
const cookies = Type.Optional(
  Type.Boolean({ description: 'For browsers: the tokens come as cookies that no page can read.' }),
)

interface LoginBody {
  readonly email: string
  readonly password: string
  readonly cookies?: boolean
}

export function sessionRoutes(app: FastifyInstance, services: Services): void {
  const { people, ledgers, now } = services
  const tags = ['access']
  /** They say by themselves who they are of. */
  const config = { checksOrigin: true } as const

  app.post<{ Body: LoginBody }>(
    '/v1/session',
    {
      config,
      schema: {
        tags,
        summary: 'Logs in with e-mail address and password. Open; who guesses must wait (429).',
        body: Type.Object(
          { email: Type.String({ minLength: 3, maxLength: 254 }), password, cookies },
          { additionalProperties: false },
        ),
        response: { 201: loginAnswer },
      },
    },
    async (request, reply) => {
      const { email, password: given, cookies: byCookies = false } = request.body
      if (byCookies) assertCookiesWork(request, services)
      const login = await people.logIn(email, given, placeOf(request))
      if (login.kind === 'wait') throw waiting(request, services, login.user, login.ms)
      if (login.kind === 'wrong') {
        noteFailure(request, services, login.user, 'wrong password')
        throw new ProblemError(problem('unauthorized', 'wrong e-mail address or password'))
      }
      const { user, tokens } = login
      await recordLogin(request, services, user, tokens, 'password')
      return answer(reply.code(201), tokens, byCookies)
    },
  )

  app.post<{ Body: { refresh_token?: string } | null }>(
    '/v1/session/refresh',
    {
      config,
      schema: {
        tags,
        summary: 'Goes on with a session: gives the next tokens. A refresh token that is used twice ends it.',
        body: Type.Union([
          Type.Object(
            { refresh_token: Type.Optional(Type.String({ maxLength: 200 })) },
            { additionalProperties: false },
          ),
          Type.Null(),
        ]),
        response: { 200: loginAnswer },
      },
    },
    async (request, reply) => {
      const given = request.body?.refresh_token
      const cookie =
        given === undefined ? cookieOf(request, cookieNames(services.site.isSecure).refresh) : undefined
      const token = given ?? cookie
      if (token === undefined)
        throw new ProblemError(problem('bad-request', 'refresh_token: send it, or the cookie that holds it'))
      const session = people.sessions.ofRefreshToken(token)
      if (cookie !== undefined && session) assertCsrf(request, session, services)
      const refreshed = await people.sessions.refresh(token)
      switch (refreshed.kind) {
        case 'refreshed':
          return answer(reply, refreshed.tokens, cookie !== undefined)
        case 'unknown':
          noteFailure(request, services, undefined, 'no such session')
          throw new ProblemError(problem('unauthorized', 'no such session, or it has ended; log in again'))
        case 'reused': {
          const user = people.users.get(refreshed.session.userId)
          noteFailure(request, services, user, 'refresh token used twice')
          throw new ProblemError(
            problem(
              'unauthorized',
              'this refresh token was used before, so the session has been ended: log in again. It happens, too, when a refresh is sent again because its answer was lost',
            ),
          )
        }
      }
    },
  )

  app.delete(
    '/v1/session',
    { schema: { tags, summary: 'Logs out: the session of this request ends.', response: { 204: EMPTY } } },
    async (request, reply) => {
      const caller = callerOf(request, services)
      const session = people.sessionOf(credentialsOf(request))
      if (!session)
        throw new ProblemError(problem('bad-request', 'this is no session: keys are revoked, tokens expire'))
      await people.sessions.end([session.id])
      if (request.cookieToken !== undefined) clearSessionCookies(reply, services.site.isSecure)
      await recordChange(services, request, caller, 'logout', {
        ledger: undefined,
        target: { type: 'session', id: session.id },
        asked: {},
      })
      return reply.code(204).send()
    },
  )

  app.get<{ Querystring: { user?: string } }>(
    '/v1/sessions',
    {
      schema: {
        tags,
        summary: 'Own sessions; with `user` those of a user whom the caller looks after.',
        querystring: Type.Object({ user: Type.Optional(Type.String({ description: 'The id of a user.' })) }),
        response: { 200: sessionsAnswer },
      },
    },
    (request) => {
      const caller = callerOf(request, services)
      const { user: asked } = request.query
      const { kind, id } = caller.subject
      const own = kind === 'user' ? id : undefined
      if (asked !== undefined && asked !== own && !isLookedAfter(request, asked)) throw noUser(asked)
      const current = people.sessionOf(credentialsOf(request))?.id
      const userId = asked ?? own
      const sessions = userId === undefined ? [] : people.sessions.ofUser(userId)
      return { sessions: sessions.map((session) => sessionView(session, current)) }
    },
  )

  app.delete<{ Params: { id: string } }>(
    '/v1/sessions/:id',
    {
      schema: {
        tags,
        summary: 'Ends a session, at once: an own one, or one of a user whom the caller looks after.',
        params: Type.Object({ id: Type.String() }),
        response: { 204: EMPTY },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, services)
      const { id } = request.params
      const session = people.sessions.get(id)
      const isOwn =
        session !== undefined && caller.subject.kind === 'user' && caller.subject.id === session.userId
      if (!session || !(isOwn || isLookedAfter(request, session.userId)))
        throw new ProblemError(
          problem('not-found', `there is no session ${id.slice(0, 100)} that you may end`),
        )
      await people.sessions.end([id])
      await recordChange(services, request, caller, 'session.ended', {
        ledger: undefined,
        target: { type: 'session', id },
        asked: { user: callerId({ kind: 'user', id: session.userId }) },
      })
      return reply.code(204).send()
    },
  )

  app.put<{ Body: { current: string; password: string } }>(
    '/v1/me/password',
    {
      schema: {
        tags,
        summary: 'Sets another password; all other sessions of the user end.',
        body: Type.Object({ current: password, password }, { additionalProperties: false }),
        response: { 204: EMPTY },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request, services)
      const session = people.sessionOf(credentialsOf(request))
      const user = session && people.users.get(session.userId)
      if (!session || user?.passwordHash === undefined)
        throw new ProblemError(problem('bad-request', 'only who logged in with a password has one'))
      const wrong = passwordProblem(request.body.password)
      if (wrong !== undefined) throw new ProblemError(problem('bad-request', wrong))
      const { current, password: next } = request.body
      const place = { address: request.ip, keep: session.id }
      const changed = await people.changePassword(user, current, next, place)
      if (changed.kind === 'wait') throw waiting(request, services, user, changed.ms)
      if (changed.kind === 'wrong') {
        noteFailure(request, services, user, 'wrong password')
        throw new ProblemError(problem('forbidden', 'current: that is not the password'))
      }
      await recordChange(services, request, caller, 'password.changed', {
        ledger: undefined,
        target: { type: 'user', id: caller.id },
        asked: {},
      })
      return reply.code(204).send()
    },
  )

  function isLookedAfter(request: FastifyRequest, userId: string): boolean {
    const user = people.users.get(userId)
    const caller = callerOf(request, services)
    return user !== undefined && administersRoles(caller, user.roles, ledgers)
  }

  function answer(reply: FastifyReply, tokens: SessionTokens, byCookies: boolean): FastifyReply {
    const { session, accessToken, refreshToken } = tokens
    if (byCookies) setSessionCookies(reply, tokens, services.site.isSecure, now())
    return reply.send({
      session: sessionView(session, session.id),
      access_expires_at: timeOf(session.refreshedAt + ACCESS_MS),
      ...(byCookies ? { csrf: session.csrf } : { access_token: accessToken, refresh_token: refreshToken }),
    })
  }
}

/** Of a user, in the record of the denial; repeats within a minute are counted. */
export function noteFailure(
  request: FastifyRequest,
  services: Pick<Services, 'denials' | 'ledgers'>,
  user: StoredUser | undefined,
  reason: string,
): void {
  const caller = user && { id: callerId({ kind: 'user', id: user.id }), name: user.name }
  noteDenial(request, services, { ledger: undefined, caller, permission: undefined, reason })
}

/** A login that is on no record opens nothing. */
export async function recordLogin(
  request: FastifyRequest,
  services: Pick<Services, 'accessLog' | 'people'>,
  { id, name }: StoredUser,
  { session }: SessionTokens,
  by: string,
): Promise<void> {
  try {
    await recordChange(services, request, { id: callerId({ kind: 'user', id }), name }, 'login', {
      ledger: undefined,
      target: { type: 'session', id: session.id },
      asked: { by },
    })
  } catch (error) {
    await services.people.sessions.end([session.id])
    throw error
  }
}

export function placeOf(request: FastifyRequest) {
  return { address: request.ip, client: request.headers['user-agent']?.slice(0, CLIENT_CHARS_MAX) }
}

/** Tokens in cookies go over the network by themselves, again and again. */
function assertCookiesWork(request: FastifyRequest, services: Services): void {
  assertSameOrigin(request, services)
  if (!services.site.isSecure && !services.site.isLoopback)
    throw new ProblemError(
      problem(
        'bad-request',
        'cookies: only over https (tls_cert, or public_url behind a proxy), or on this machine',
      ),
    )
}

function waiting(
  request: FastifyRequest,
  services: Services,
  user: StoredUser | undefined,
  ms: number,
): ProblemError {
  noteFailure(request, services, user, 'too many failures')
  const seconds = Math.ceil(ms / 1000)
  const detail = `too many failed logins; nothing is tried for ${seconds} s`
  return new ProblemError({ ...problem('too-many-requests', detail), retryAfterSeconds: seconds })
}

function noUser(id: string): ProblemError {
  return new ProblemError(problem('not-found', `there is no user ${id.slice(0, 100)} whom you look after`))
}
