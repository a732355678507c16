import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { tokenFor } from '../support/api-key.ts'
import { logIn, newUser, PASSWORD } from '../support/new-user.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

async function patch(server: TestServer, id: string, change: object, token?: string): Promise<number> {
  const init = {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(change),
    ...(token !== undefined && { token }),
  }
  return (await server.fetch(`/v1/users/${id}`, init)).status
}

async function remove(server: TestServer, id: string): Promise<number> {
  return (await server.fetch(`/v1/users/${id}`, { method: 'DELETE' })).status
}

test('what a user may counts at once, and their streams end', async () => {
  const server = await testServer()
  await server.post('/v1/ledgers', { name: 'other' })
  const id = await newUser(server, 'a@example.com', ['viewer@main'])
  const { accessToken: token } = await logIn(server, 'a@example.com')
  const code = async (path: string) => (await server.fetch(path, { token })).status
  expect([await code('/v1/search'), await code('/v1/search?ledger=other')]).toEqual([200, 403])
  const tail = (await server.fetch('/v1/tail', { token })).text()
  expect(await patch(server, id, { roles: ['viewer@other'], teams: ['x'] })).toBe(200)
  expect(await tail).toMatch(/event: end[\s\S]*what the user may has changed/)
  expect([await code('/v1/search?ledger=main'), await code('/v1/search')]).toEqual([403, 200])

  const again = (await server.fetch('/v1/tail', { token })).text()
  expect(await patch(server, id, { disabled: true })).toBe(200)
  expect(await again).toMatch(/event: end/)
  expect(await code('/v1/search')).toBe(401)
  await expect(logIn(server, 'a@example.com')).rejects.toThrow(/401/)
  expect(await patch(server, id, { disabled: false, name: 'Anna' })).toBe(200)
  const { users } = await server.get<{ users: object[] }>('/v1/users')
  expect(users).toMatchObject([{ id, name: 'Anna', disabled_at: null, roles: ['viewer@other'] }])
  await logIn(server, 'a@example.com')
})

test('nobody gives what they do not have, nor looks after users of other ledgers', async () => {
  const server = await testServer()
  await server.post('/v1/ledgers', { name: 'other' })
  const admin = await tokenFor(server, { roles: ['admin'] })
  const local = await tokenFor(server, { roles: ['owner'], ledger: 'other' })
  const analyst = await tokenFor(server, { roles: ['analyst'] })
  const invite = async (token: string, roles: readonly string[]) => {
    const body = JSON.stringify({ email: `for-${roles.join('-').replaceAll('@', '-')}@example.com`, roles })
    const headers = { 'content-type': 'application/json' }
    return (await server.fetch('/v1/invitations', { method: 'POST', headers, body, token })).status
  }
  expect(await invite(analyst, ['viewer'])).toBe(403)
  expect(await invite(admin, ['owner'])).toBe(403)
  expect(await invite(admin, ['auditor'])).toBe(201)
  expect(await invite(local, ['viewer'])).toBe(403)
  expect(await invite(local, [])).toBe(403)
  expect(await invite(local, ['viewer@main'])).toBe(403)
  expect(await invite(local, ['owner@other'])).toBe(201)
  expect(await invite(admin, ['nothing'])).toBe(400)
  expect(await invite(admin, ['viewer@nowhere'])).toBe(400)

  const id = await newUser(server, 'a@example.com', ['viewer@main'])
  expect(await patch(server, id, { disabled: true }, local)).toBe(404)
  expect(await patch(server, id, { roles: ['owner'] }, admin)).toBe(403)
  const listed = await server.fetch('/v1/users', { token: local })
  expect(await listed.json()).toEqual({ users: [] })
  const { invitations } = (await (await server.fetch('/v1/invitations', { token: local })).json()) as {
    invitations: { id: string }[]
  }
  expect(invitations).toMatchObject([{ roles: ['owner@other'] }])
  const gone = { method: 'DELETE', token: local }
  expect((await server.fetch(`/v1/invitations/${invitations[0]!.id}`, gone)).status).toBe(204)
  expect((await server.fetch(`/v1/invitations/${invitations[0]!.id}`, gone)).status).toBe(404)
})

test('the last owner stays, and a role stays that a user has', async () => {
  const server = await testServer()
  const first = await newUser(server, 'a@example.com', ['owner'])
  for (const change of [{ disabled: true }, { roles: ['admin'] }, { roles: ['owner@main'] }])
    expect(await patch(server, first, change), JSON.stringify(change)).toBe(409)
  expect(await remove(server, first)).toBe(409)
  const second = await newUser(server, 'b@example.com', ['owner'])
  expect(await remove(server, first)).toBe(204)
  expect(await remove(server, second)).toBe(409)

  const put = {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ permissions: ['read'] }),
  }
  expect((await server.fetch('/v1/roles/made', put)).status).toBe(200)
  const third = await newUser(server, 'c@example.com', ['made@main'])
  const deleted = () => server.fetch('/v1/roles/made', { method: 'DELETE' }).then(({ status }) => status)
  expect(await deleted()).toBe(400)
  expect(await remove(server, third)).toBe(204)
  expect(await deleted()).toBe(204)
})

test('of an account that is deleted no file of the directory knows the address or the name', async () => {
  const server = await testServer()
  const email = 'somebody.secret@example.com'
  const id = await newUser(server, email, ['viewer'])
  const { accessToken } = await logIn(server, email)
  await patch(server, id, { name: 'Somebody With A Name' })
  expect(await remove(server, id)).toBe(204)
  expect((await server.fetch('/v1/search', { token: accessToken })).status).toBe(401)
  const files = readdirSync(server.data).filter((name) => name.startsWith('directory'))
  expect(files).not.toEqual([])
  for (const name of files) {
    const bytes = readFileSync(join(server.data, name))
    for (const text of ['somebody.secret', 'Somebody With A Name'])
      expect(bytes.includes(text), name).toBe(false)
  }
  const { status } = await server.post('/v1/session', { email, password: PASSWORD })
  expect(status).toBe(401)
  // What is recorded of them: that they joined and logged in, and that they were changed and deleted.
  const erased = await server.post('/v1/erasures/subject', {
    ledger: 'main',
    subject: { id: `user:${id}` },
    authority: 'GDPR 17',
    reason: 'left',
  })
  expect(erased.body).toMatchObject({ complete: true, accesses: 4 })
})
