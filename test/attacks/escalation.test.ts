/**
 * Nobody makes more of themselves, nor of anybody else, than they are.
 *
 * | attack | shown |
 * |---|---|
 * | own roles and teams changed; teams given that show more records; a key, role, invitation, import or rotation with more; a role made more under who has it | here |
 * | every role and every operation that it does not have, by HTTP and gRPC | `test/access/role-table.test.ts` |
 * | unmasking without the permission, or without a reason | `test/access/role-table.test.ts`, `test/access/sight.test.ts` |
 * | an admin of one ledger reaching for another | `test/http/administration.test.ts` |
 * | both of the two people who erase, with keys that one has made or rotated | `test/approvals/two-people.test.ts` |
 * | the last owner made less | `test/identity/users.test.ts` |
 */
import { expect, test } from 'vitest'
import { tokenFor } from '../support/api-key.ts'
import { logIn, newUser } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'
import { deniedOf, PATIENT, sent } from './denials.ts'

/** Of PASSWORD. */
const HASH = '$2b$05$kEsCTd7oXXKcqZKDX3kJ5Oz9zygOAKyaN931wkXa3D838LX3CmL4y'

async function made(server: TestServer, name: string, role: object): Promise<void> {
  const { status } = await server.fetch(`/v1/roles/${name}`, sent('PUT', role))
  if (status !== 200) throw new Error(`no role ${name}: ${status}`)
}

/** What is made is recorded, and what is refused changes nothing: what the caller may afterwards. */
async function grantsOf(server: TestServer, token: string): Promise<string> {
  const { grants } = (await (await server.fetch('/v1/access/me', { token })).json()) as { grants: unknown }
  return JSON.stringify(grants)
}

test('who looks after users and keys gives nobody, and not themselves, what they do not have', async () => {
  const server = await testServer()
  await made(server, 'help-desk', { permissions: ['manage-users', 'manage-keys', 'manage-roles', 'read'] })
  const id = await newUser(server, 'a@example.com', ['help-desk'])
  const { accessToken: token } = await logIn(server, 'a@example.com')
  const other = await newUser(server, 'b@example.com', ['help-desk'])
  const strong = await server.post('/v1/keys', { name: 'strong', roles: ['owner'] })
  const before = await grantsOf(server, token)

  const attacks: Readonly<Record<string, readonly [string, string, object | undefined]>> = {
    'own roles': ['PATCH', `/v1/users/${id}`, { roles: ['owner'] }],
    'own roles, one more': ['PATCH', `/v1/users/${id}`, { roles: ['help-desk', 'auditor@main'] }],
    'the roles of an accomplice': ['PATCH', `/v1/users/${other}`, { roles: ['admin'] }],
    'an invitation': ['POST', '/v1/invitations', { email: 'c@example.com', roles: ['owner'] }],
    'an invitation with one role too many': [
      'POST',
      '/v1/invitations',
      { email: 'c@example.com', roles: ['help-desk', 'producer@main'] },
    ],
    'a user from elsewhere, whose password is known': [
      'POST',
      '/v1/users',
      { email: 'c@example.com', name: 'C', password_hash: HASH, roles: ['owner'] },
    ],
    'a key': ['POST', '/v1/keys', { name: 'k', roles: ['owner'] }],
    'a key by scopes': ['POST', '/v1/keys', { name: 'k', scopes: ['admin'] }],
    'the token of a stronger key': [
      'POST',
      `/v1/keys/${String(strong.body['prefix'])}/rotate`,
      { overlap_minutes: 60 },
    ],
    'the token of the key of the settings': ['POST', '/v1/keys/preset/rotate', undefined],
    'the own role': ['PUT', '/v1/roles/help-desk', { permissions: ['manage-users', 'erase'] }],
    'another role': ['PUT', '/v1/roles/new', { permissions: ['see-personal'] }],
    'a role that is built in': ['PUT', '/v1/roles/viewer', { permissions: ['read', 'manage-users'] }],
  }
  for (const [what, [method, path, body]] of Object.entries(attacks)) {
    const init = body === undefined ? { method } : sent(method, body)
    const { status } = await server.fetch(path, { ...init, token })
    // One is not there for them, and what is built in changes for nobody.
    expect(status, what).toBe(what.includes('built in') ? 400 : 403)
  }
  expect(await grantsOf(server, token)).toBe(before)
  const { users } = await server.get<{ users: { roles: string[] }[] }>('/v1/users')
  expect(users.map(({ roles }) => roles)).toEqual([['help-desk'], ['help-desk']])
  await expect
    .poll(() => deniedOf(server), PATIENT)
    .toEqual(
      expect.arrayContaining(
        [
          'PATCH /v1/users/:id',
          'POST /v1/invitations',
          'POST /v1/users',
          'POST /v1/keys',
          'POST /v1/keys/:prefix/rotate',
          'PUT /v1/roles/:name',
        ].map((route) => expect.stringContaining(`user:${id} ${route} `) as string),
      ) as string[],
    )
})

test('teams that show more records are given only by who sees all of them', async () => {
  const server = await testServer()
  await made(server, 'by-team', { permissions: ['read'], rows: 'record.service in caller.teams' })
  await made(server, 'user-keeper', { permissions: ['manage-users', 'manage-keys'] })
  await server.post('/v1/events?wait=index', [
    { action: 'a.b', service: 'till' },
    { action: 'a.b', service: 'vault' },
  ])
  const id = await newUser(server, 'a@example.com', ['by-team', 'user-keeper'])
  const { accessToken: token } = await logIn(server, 'a@example.com')
  const seen = async (of = token): Promise<number> => {
    const answer = await server.fetch('/v1/search?ledger=main', { token: of })
    return ((await answer.json()) as { records: unknown[] }).records.length
  }
  const change = (of: string | undefined, asked: object) =>
    server
      .fetch(`/v1/users/${id}`, { ...sent('PATCH', asked), ...(of !== undefined && { token: of }) })
      .then(({ status }) => status)

  expect(await change(token, { teams: ['till', 'vault'] })).toBe(403)
  expect(await seen()).toBe(0)
  expect(await change(token, { roles: ['by-team'], teams: ['vault'] })).toBe(403)
  const key = { name: 'k', roles: ['by-team'], teams: ['vault'] }
  expect((await server.fetch('/v1/keys', { ...sent('POST', key), token })).status).toBe(403)
  const invitation = { email: 'b@example.com', roles: ['by-team'], teams: ['vault'] }
  expect((await server.fetch('/v1/invitations', { ...sent('POST', invitation), token })).status).toBe(403)

  // What asks for no team may be told of one; and who sees all records gives teams as before.
  expect(await change(await tokenFor(server, { roles: ['admin'] }), { teams: ['till'] })).toBe(200)
  expect(await seen()).toBe(1)
  const plain = await newUser(server, 'c@example.com', ['user-keeper'])
  expect(
    (await server.fetch(`/v1/users/${plain}`, { ...sent('PATCH', { teams: ['x'] }), token })).status,
  ).toBe(200)
  await expect
    .poll(() => deniedOf(server), PATIENT)
    .toEqual(expect.arrayContaining([`user:${id} PATCH /v1/users/:id read`]) as string[])
})

test('a role is made more for who has it only by who has as much, and then for streams that have begun, too', async () => {
  const server = await testServer()
  await made(server, 'clerk', { permissions: ['read'] })
  await newUser(server, 'a@example.com', ['clerk'])
  const { accessToken: token } = await logIn(server, 'a@example.com')
  await made(server, 'role-keeper', { permissions: ['manage-roles', 'read'] })
  const keeper = await tokenFor(server, { roles: ['role-keeper'] })
  const put = (permissions: readonly string[], of?: string) =>
    server
      .fetch('/v1/roles/clerk', { ...sent('PUT', { permissions }), ...(of !== undefined && { token: of }) })
      .then(({ status }) => status)
  const before = await grantsOf(server, token)
  expect(await put(['read', 'export'], keeper)).toBe(403)
  expect(await put(['read', 'manage-roles'], token)).toBe(403)
  expect(await grantsOf(server, token)).toBe(before)
  const tail = (await server.fetch('/v1/tail', { token })).text()
  expect(await put(['read', 'export'])).toBe(200)
  expect(await tail).toMatch(/event: end/)
})

test('records are not made to look like the server’s own', async () => {
  const server = await testServer()
  const producer = await tokenFor(server, { roles: ['producer'] })
  // The ledger of accesses takes nothing from outside, whoever sends it.
  await server.get('/v1/search')
  for (const token of [producer, undefined])
    for (const action of ['access.login', 'a.b'])
      expect(
        (
          await server.fetch('/v1/events?ledger=main.access', {
            ...sent('POST', { action }),
            ...(token !== undefined && { token }),
          })
        ).status,
      ).toBeOneOf([400, 403, 404])
  const forged = {
    action: 'a.b',
    index: 999,
    recorded_at: '2020-01-01T00:00:00Z',
    ledger: 'other',
    leaf_hash: 'x',
  }
  const { body } = await server.post('/v1/events?ledger=main&wait=index', forged)
  const record = await server.get(`/v1/events/${body.receipts[0]!.id}?ledger=main`)
  expect(record).toMatchObject({ index: 0, ledger: 'main' })
  expect(String(record['recorded_at'])).not.toContain('2020')
})
