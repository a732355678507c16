import type { TestServer } from './test-server.ts'

/** Makes a key, such as `{ scopes: ['read'] }`, and gives its token. */
export async function tokenFor(server: TestServer, key: Record<string, unknown>): Promise<string> {
  const { status, body } = await server.post('/v1/keys', { name: 'test', ...key })
  if (status !== 201) throw new Error(`no key: ${status} ${JSON.stringify(body)}`)
  return (body as unknown as { token: string }).token
}
