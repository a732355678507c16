import type { TestServer } from './test-server.ts'

export const PASSWORD = 'correct horse battery'

export interface Session {
  readonly id: string
  readonly accessToken: string
  readonly refreshToken: string
}

/** Invites somebody, who accepts; their id. */
export async function newUser(server: TestServer, email: string, roles: readonly string[]): Promise<string> {
  const invited = await server.post('/v1/invitations', { email, roles })
  if (invited.status !== 201)
    throw new Error(`not invited: ${invited.status} ${JSON.stringify(invited.body)}`)
  const token = invited.body['token']
  const { status, body } = await server.post('/v1/invitations/accept', {
    token,
    name: email,
    password: PASSWORD,
  })
  if (status !== 201) throw new Error(`not accepted: ${status} ${JSON.stringify(body)}`)
  return body['id'] as string
}

export async function logIn(server: TestServer, email: string, password = PASSWORD): Promise<Session> {
  const { status, body } = await server.post('/v1/session', { email, password })
  if (status !== 201) throw new Error(`not logged in: ${status} ${JSON.stringify(body)}`)
  const { access_token, refresh_token, session } = body as unknown as {
    access_token: string
    refresh_token: string
    session: { id: string }
  }
  return { id: session.id, accessToken: access_token, refreshToken: refresh_token }
}
