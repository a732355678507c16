/**
 * Whoever guesses is slowed down, and only they; and learns nothing from how long an answer takes.
 *
 * | attack | shown |
 * |---|---|
 * | guessing API keys, refresh tokens, invitations and the current password; that others go on meanwhile; time of logins | here |
 * | guessing passwords: waits, the same answers for accounts that are not there, records | `test/identity/sessions.test.ts`, `packages/server/src/identity/back-off.test.ts` |
 * | an address whose keys are refused, by HTTP and gRPC | `test/http/limits.test.ts` |
 * | a flood of passwords to hash | `packages/server/src/identity/passwords.test.ts` |
 */
import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { logIn, newUser, PASSWORD } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'
import { deniedOf, PATIENT, sent } from './denials.ts'

const secret = (): string => randomBytes(32).toString('base64url')

const GUESSES: Readonly<Record<string, (server: TestServer) => Promise<Response>>> = {
  'API keys': (server) => server.fetch('/v1/search', { token: `tp_${secret()}` }),
  'access tokens': (server) => server.fetch('/v1/search', { token: `tps_${secret()}` }),
  'keys in the password of Basic': (server) => {
    const authorization = `Basic ${Buffer.from(`a:${secret()}`).toString('base64')}`
    return server.fetch('/v1/search', { token: '', headers: { authorization } })
  },
  'sessions in cookies': (server) =>
    server.fetch('/v1/search', { token: '', headers: { cookie: `trailproof=tps_${secret()}` } }),
  'refresh tokens': (server) =>
    server.fetch('/v1/session/refresh', {
      ...sent('POST', { refresh_token: `tpr_${secret()}_${secret()}` }),
      token: '',
    }),
  invitations: (server) =>
    server.fetch('/v1/invitations/accept', {
      ...sent('POST', { token: `tpi_${secret()}`, name: 'Eve', password: PASSWORD }),
      token: '',
    }),
}

test('guesses of every kind end in 429 with a time to wait, and whoever is in goes on', async () => {
  for (const [what, guess] of Object.entries(GUESSES)) {
    const server = await testServer({ address_failures_per_minute: 10 })
    await newUser(server, 'a@example.com', ['viewer'])
    const session = await logIn(server, 'a@example.com')
    const invited = await server.post('/v1/invitations', { email: 'b@example.com', roles: ['viewer'] })
    const statuses = []
    for (let i = 0; i < 15; i++) {
      const response = await guess(server)
      statuses.push(response.status)
      if (response.status === 429)
        expect(Number(response.headers.get('retry-after')), what).toBeGreaterThan(0)
    }
    expect([...new Set(statuses)], what).toEqual([401, 429])
    // From the same address: what is right is right.
    expect((await server.fetch('/v1/search', { token: session.accessToken })).status).toBe(200)
    const refreshed = await server.fetch('/v1/session/refresh', {
      ...sent('POST', { refresh_token: session.refreshToken }),
      token: '',
    })
    expect(refreshed.status, what).toBe(200)
    const accepted = { token: invited.body['token'], name: 'Ben', password: PASSWORD }
    expect(
      (await server.fetch('/v1/invitations/accept', { ...sent('POST', accepted), token: '' })).status,
      what,
    ).toBe(201)
    await logIn(server, 'a@example.com')
    await expect
      .poll(() => deniedOf(server), PATIENT)
      .toEqual(expect.arrayContaining([expect.stringMatching(/^unknown /) as string]) as string[])
  }
})

test('guessing the password of one locks out neither their session nor anybody else', async () => {
  const server = await testServer()
  await newUser(server, 'a@example.com', ['viewer'])
  await newUser(server, 'b@example.com', ['viewer'])
  const { accessToken: token } = await logIn(server, 'a@example.com')
  const guess = () =>
    server.fetch('/v1/session', {
      ...sent('POST', { email: 'a@example.com', password: 'a guess' }),
      token: '',
    })
  const statuses = (await Promise.all(Array.from({ length: 10 }, guess))).map(({ status }) => status)
  expect(statuses).toContain(429)
  expect((await server.fetch('/v1/search', { token })).status).toBe(200)
  await logIn(server, 'b@example.com')
  // Whoever has a session of theirs guesses the password no faster.
  const change = { current: 'another guess', password: 'twelve characters' }
  const changed = async () =>
    (await server.fetch('/v1/me/password', { ...sent('PUT', change), token })).status
  // On a machine that is busy the first wait, a second, may be over: each further guess doubles it.
  await expect.poll(changed, PATIENT).toBe(429)
})

test('a failed login takes as long for an account that is not there, and for one that is disabled', async () => {
  const server = await testServer()
  const names = ['known', 'disabled', 'unknown'] as const
  const times = new Map(names.map((name) => [name, [] as number[]]))
  // Of each account only so many as cost nothing.
  for (let account = 0; account < 2; account++) {
    for (const name of ['known', 'disabled'])
      await newUser(server, `${name}-${account}@example.com`, ['viewer'])
    const { users } = await server.get<{ users: { id: string; name: string }[] }>('/v1/users')
    const { id } = users.find(({ name }) => name === `disabled-${account}@example.com`)!
    await server.fetch(`/v1/users/${id}`, sent('PATCH', { disabled: true }))
    for (let tries = 0; tries < 3; tries++)
      for (const name of names) {
        const began = performance.now()
        const { status } = await server.post('/v1/session', {
          email: `${name}-${account}@example.com`,
          password: 'a guess',
        })
        times.get(name)!.push(performance.now() - began)
        expect(status).toBe(401)
      }
  }
  // What else happens on the machine only adds.
  const shortest = (name: (typeof names)[number]): number => Math.min(...times.get(name)!)
  for (const name of ['disabled', 'unknown'] as const) {
    const ratio = shortest(name) / shortest('known')
    expect(Math.max(ratio, 1 / ratio), name).toBeLessThan(3)
  }
})
