import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { testServer } from '../support/test-server.ts'

test.each(['/v1/search', '/nothing', '/healthz', '/openapi.json', '/v1/keys'])(
  'an answer of %s may not be framed, kept, guessed or read by pages of other origins',
  async (path) => {
    const server = await testServer()
    const { headers } = await server.fetch(path, { headers: { origin: 'https://evil.example' } })
    expect(Object.fromEntries(headers)).toMatchObject({
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
  },
)

test('a page of another origin is not told that it may send records', async () => {
  const server = await testServer()
  const preflight = await server.fetch('/v1/events', {
    method: 'OPTIONS',
    token: undefined,
    headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
  })
  expect(preflight.ok).toBe(false)
  expect(preflight.headers.get('access-control-allow-origin')).toBeNull()
})

test('the page of the API runs its own scripts and no others', async () => {
  const server = await testServer()
  const policy = (await server.fetch('/docs/static/index.html')).headers.get('content-security-policy') ?? ''
  expect(policy).toContain("script-src 'self'")
  expect(policy).not.toContain('unsafe-eval')
})

test('connections beyond connections_max are closed as they come, and counted; places of those who are gone are free', async () => {
  const server = await testServer({ connections_max: 2 })
  const port = Number(new URL(server.url).port)
  const sockets = Array.from({ length: 5 }, () => connect(port, '127.0.0.1'))
  const closed = sockets.map(
    (socket) =>
      new Promise<void>((resolve) => {
        socket.on('error', () => undefined)
        socket.on('close', () => resolve())
      }),
  )
  await Promise.race(closed)
  const isClosed = (): number => sockets.filter((socket) => socket.closed).length
  await expect.poll(isClosed).toBe(3)
  for (const socket of sockets) socket.destroy()
  await expect
    .poll(async () => (await server.fetch('/metrics').catch(() => undefined))?.text())
    .toMatch(/trailproof_connections_refused_total [3-9]/)
})
