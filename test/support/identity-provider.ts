/** A real provider of OpenID Connect on this machine, whose people and their groups tests name. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { onTestFinished } from 'vitest'

export interface Person {
  readonly name: string
  readonly groups: readonly string[]
}

export interface IdentityProvider {
  readonly issuer: string
  /** By what they log in with; may change. */
  readonly people: Map<string, Person>
  /** Signs with another key from now on, and does not know the one of before. */
  rotateKeys(): void
  /** Lets tell groups in the ID token, or only when it is asked for the user. Default: only then. */
  tellInToken(isTold: boolean): void
}

export const CLIENT_ID = 'trailproof'
export const CLIENT_SECRET = 'a secret of the tests, long enough for anything'

export async function identityProvider(redirectUris: readonly string[]): Promise<IdentityProvider> {
  let listener: RequestListener | undefined
  const server = createServer((request, response) => listener?.(request, response))
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const people = new Map<string, Person>()
  let keys = 0
  let isTold = false
  const start = (): void => {
    keys++
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const jwk = { ...privateKey.export({ format: 'jwk' }), kid: `key-${keys}`, use: 'sig', alg: 'RS256' }
    listener = new Provider(issuer, {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          redirect_uris: redirectUris,
          token_endpoint_auth_method: 'client_secret_post',
          application_type: 'native',
        },
      ],
      jwks: { keys: [jwk] },
      cookies: { keys: ['of the tests'] },
      claims: { openid: ['sub'], profile: ['name', 'groups'] },
      conformIdTokenClaims: !isTold,
      ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
      pkce: { required: () => true },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, ...people.get(id) }),
      }),
    }).callback()
  }
  start()
  return {
    issuer,
    people,
    rotateKeys: start,
    tellInToken(now) {
      isTold = now
      start()
    },
  }
}

/** Logs in at the provider as a person would; where the provider sends the browser back to. */
export async function logInAt(provider: IdentityProvider, url: string, person: string): Promise<string> {
  const cookies = new Map<string, string>()
  const go = async (to: string, form?: Record<string, string>): Promise<Response> => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
    const init = form ? { method: 'POST', body: new URLSearchParams(form) } : {}
    const response = await fetch(to, { ...init, headers, redirect: 'manual' })
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';')[0]!.split('=')
      cookies.set(name, value)
    }
    return response
  }
  let response = await go(url)
  for (let steps = 0; steps < 20; steps++) {
    const location = response.headers.get('location')
    if (location !== null) {
      const next = new URL(location, provider.issuer)
      if (next.origin !== provider.issuer) return next.href
      response = await go(next.href)
      continue
    }
    const page = await response.text()
    const [, action] = /<form[^>]* action="([^"]+)"/.exec(page) ?? []
    const [, prompt] = /name="prompt" value="([^"]+)"/.exec(page) ?? []
    if (action === undefined || prompt === undefined)
      throw new Error(`no form: ${response.status} ${page.slice(0, 500)}`)
    const form = prompt === 'login' ? { prompt, login: person, password: 'any' } : { prompt }
    response = await go(new URL(action, provider.issuer).href, form)
  }
  throw new Error('the provider goes in circles')
}
