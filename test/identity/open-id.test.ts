import { expect, test } from 'vitest'
import { Browser } from '../support/cookie-browser.ts'
import { freePort } from '../support/free-port.ts'
import { CLIENT_ID, CLIENT_SECRET, identityProvider, logInAt } from '../support/identity-provider.ts'
import { newUser } from '../support/new-user.ts'
import { testServer } from '../support/test-server.ts'

/** From a page of the provider. */
const arrive = (browser: Browser, path: string): Promise<Response> =>
  browser.fetch(path, { headers: { 'sec-fetch-site': 'cross-site' } })

async function setUp() {
  const port = await freePort()
  const callback = `http://127.0.0.1:${port}/v1/oidc/callback`
  const provider = await identityProvider([callback])
  provider.people.set('anna', { name: 'Anna', groups: ['auditors', 'others'] })
  provider.people.set('eve', { name: 'Eve', groups: ['others'] })
  const server = await testServer({
    port,
    oidc_issuer: provider.issuer,
    oidc_client_id: CLIENT_ID,
    oidc_client_secret: CLIENT_SECRET,
    oidc_roles: 'auditors=auditor, staff=viewer@main',
  })
  /** Where the provider sends the browser back to. */
  const begin = async (browser: Browser, person: string, query = ''): Promise<string> => {
    const response = await browser.fetch(`/v1/oidc/login${query}`, { headers: { 'sec-fetch-site': 'none' } })
    expect(response.status).toBe(303)
    const back = new URL(await logInAt(provider, response.headers.get('location')!, person))
    expect(back.origin + back.pathname).toBe(callback)
    return back.pathname + back.search
  }
  const logIn = async (person: string): Promise<{ browser: Browser; status: number }> => {
    const browser = new Browser(server)
    const { status } = await arrive(browser, await begin(browser, person))
    return { browser, status }
  }
  const users = async () =>
    (await server.get<{ users: { id: string; name: string; roles: string[]; email: null }[] }>('/v1/users'))
      .users
  return { server, provider, begin, logIn, users }
}

test('who has a group with a role comes in by the provider, and their roles follow their groups', async () => {
  const { server, provider, logIn, users } = await setUp()
  // An address is nobody's name at the provider.
  const local = await newUser(server, 'anna@example.com', ['viewer'])
  const first = await logIn('anna')
  expect(first.status).toBe(200)
  expect((await first.browser.fetch('/v1/search?q=action:a.b')).status).toBe(200)
  const [, anna] = await users()
  expect(anna).toMatchObject({ name: 'Anna', email: null, roles: ['auditor'], issuer: provider.issuer })
  expect(anna!.id).not.toBe(local)
  expect((await logIn('eve')).status).toBe(403)
  expect(await users()).toHaveLength(2)

  provider.people.set('anna', { name: 'Anna B.', groups: ['staff'] })
  const second = await logIn('anna')
  expect(second.status).toBe(200)
  expect((await users())[1]).toMatchObject({ id: anna!.id, name: 'Anna B.', roles: ['viewer@main'] })
  expect((await second.browser.fetch('/v1/export')).status).toBe(403)
  expect((await first.browser.fetch('/v1/export')).status).toBe(403)

  provider.people.set('anna', { name: 'Anna B.', groups: [] })
  expect((await logIn('anna')).status).toBe(403)
  expect((await second.browser.fetch('/v1/search')).status).toBe(403)
  provider.people.set('anna', { name: 'Anna B.', groups: ['staff'] })
  const disabled = {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: '{"disabled":true}',
  }
  expect((await server.fetch(`/v1/users/${anna!.id}`, disabled)).status).toBe(200)
  expect((await logIn('anna')).status).toBe(403)
  expect((await second.browser.fetch('/v1/search')).status).toBe(401)
  const path = `/v1/search?ledger=main.access&q=actor:"user:${anna!.id}" -action:access.search`
  const actions = async (): Promise<string[]> => {
    const { records } = await server.get<{ records: { action: string }[] }>(path)
    return [...new Set(records.map(({ action }) => action))].toSorted()
  }
  // Denials are recorded after their answer.
  await expect
    .poll(actions, { timeout: 40_000, interval: 50 })
    .toEqual(['access.denied', 'access.login', 'access.user.changed', 'access.user.joined'])
})

test('the provider may change its keys, and tell groups in the token', async () => {
  const { provider, logIn } = await setUp()
  expect((await logIn('anna')).status).toBe(200)
  provider.rotateKeys()
  expect((await logIn('anna')).status).toBe(200)
  provider.tellInToken(true)
  expect((await logIn('anna')).status).toBe(200)
})

test('what comes back counts once, in the browser that began, and only as the provider sent it', async () => {
  const { begin, server } = await setUp()
  const [own, other] = [new Browser(server), new Browser(server)]
  const path = await begin(own, 'anna')
  // Somebody else's login is nobody's, nor one that was not begun.
  expect((await arrive(other, path)).status).toBe(400)
  await begin(other, 'anna')
  expect((await arrive(other, path)).status).toBe(403)
  const changed = new URL(path, server.url)
  changed.searchParams.set('iss', 'https://evil.example')
  expect((await arrive(own, changed.pathname + changed.search)).status).toBe(403)
  // The attempt has used the login up.
  expect((await arrive(own, path)).status).toBe(400)

  const again = await begin(own, 'anna', '?return_to=/docs/static/index.html')
  const home = await arrive(own, again)
  expect([home.status, home.headers.get('location')]).toEqual([303, '/docs/static/index.html'])
  expect(own.attributes.get('trailproof')).toMatch(/SameSite=Strict; HttpOnly/)
  expect((await arrive(own, again)).status).toBe(400)
  expect((await own.fetch('/v1/sessions')).status).toBe(200)

  for (const to of ['https://evil.example', '//evil.example', '/\\evil.example', 'x'])
    expect((await own.fetch(`/v1/oidc/login?return_to=${encodeURIComponent(to)}`)).status, to).toBe(400)
  const denied = await begin(own, 'anna').then((back) => new URL(back, server.url))
  denied.searchParams.delete('code')
  denied.searchParams.set('error', 'access_denied')
  expect((await arrive(own, denied.pathname + denied.search)).status).toBe(403)
})

test('a provider that is away is told as such; without one there is nothing', async () => {
  const port = await freePort()
  const away = await testServer({
    oidc_issuer: `http://127.0.0.1:${port}`,
    oidc_client_id: CLIENT_ID,
    oidc_roles: 'a=viewer',
  })
  expect((await fetch(`${away.url}/v1/oidc/login`)).status).toBe(503)
  const without = await testServer()
  expect((await fetch(`${without.url}/v1/oidc/login`)).status).toBe(404)
})

test.each([
  [{ oidc_issuer: 'http://id.example.com' }, /http is for this machine alone/],
  [{ oidc_issuer: 'id.example.com' }, /expected a URL/],
  [{ oidc_client_id: '' }, /needs oidc_client_id/],
  [{ oidc_roles: 'a=viewer=' }, /expected name=role/],
  [{ oidc_client_secret: 'file:/nowhere' }, /oidc_client_secret/],
])('settings that do not go together stop the start (%o)', async (changed, message) => {
  const settings = {
    oidc_issuer: 'https://id.example.com',
    oidc_client_id: CLIENT_ID,
    oidc_roles: 'a=viewer',
  }
  await expect(testServer({ ...settings, ...changed })).rejects.toThrow(message)
})
