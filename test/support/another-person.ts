/** Somebody else than the holder of the preset token, for what takes two: all keys that one person makes are one person. */
import { PASSWORD } from './new-user.ts'
import { ADMIN_TOKEN } from './test-server.ts'

/** The token of a key that a new user, an owner, has made for themselves. */
export async function keyOfAnother({ url }: { readonly url: string }, name = 'Bert'): Promise<string> {
  const post = async (path: string, body: unknown, token = ADMIN_TOKEN): Promise<Record<string, string>> => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (response.status !== 201) throw new Error(`${path}: ${response.status} ${await response.text()}`)
    return (await response.json()) as Record<string, string>
  }
  const email = `${name.toLowerCase()}@example.com`
  const { token } = await post('/v1/invitations', { email, roles: ['owner'] })
  await post('/v1/invitations/accept', { token, name, password: PASSWORD })
  const session = await post('/v1/session', { email, password: PASSWORD })
  const key = await post('/v1/keys', { name, roles: ['owner'] }, session['access_token'])
  return key['token']!
}
