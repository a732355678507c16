import { expect, test } from 'vitest'
import { tokenFor } from '../support/api-key.ts'
import { testServer } from '../support/test-server.ts'

test('a key is rotated without a gap, by whoever may what it opens', async () => {
  const before = await testServer()
  const made = await before.post('/v1/keys', { name: 'till', roles: ['producer'], ledger: 'main' })
  const { token: first, prefix } = made.body as unknown as { token: string; prefix: string }
  const rotate = async (of: string, body: object) => {
    const answer = await before.post(`/v1/keys/${of}/rotate`, body)
    return { ...answer, ...(answer.body as unknown as { token: string; prefix: string }) }
  }
  const second = await rotate(prefix, {})
  expect(second).toMatchObject({
    status: 201,
    body: { name: 'till', roles: ['producer'], ledger: 'main', expires_at: null },
  })
  const third = await rotate(second.prefix, { overlap_minutes: 0 })
  expect((await rotate(second.prefix, {})).status).toBe(404)
  expect((await rotate('00000000', {})).status).toBe(404)
  expect((await rotate('preset', {})).status).toBe(400)
  for (const minutes of [-1, 43_201, 0.5])
    expect((await rotate(prefix, { overlap_minutes: minutes })).status).toBe(400)

  // What only some may open is not opened by rotating it.
  const admin = await tokenFor(before, { roles: ['admin'] })
  const owner = await before.post('/v1/keys', { name: 'o', roles: ['owner'] })
  const init = { method: 'POST', token: admin, headers: { 'content-type': 'application/json' }, body: '{}' }
  expect((await before.fetch(`/v1/keys/${String(owner.body['prefix'])}/rotate`, init)).status).toBe(403)

  const server = await before.restart()
  const send = (token: string) =>
    server
      .fetch('/v1/events', {
        method: 'POST',
        token,
        headers: { 'content-type': 'application/json' },
        body: '{"action":"a.b"}',
      })
      .then(({ status }) => status)
  expect([await send(first), await send(second.token), await send(third.token)]).toEqual([200, 401, 200])
  const { keys } = await server.get<{ keys: { prefix: string; expires_at: string | null }[] }>('/v1/keys')
  const ends = keys.filter(({ prefix: each }) => each === prefix || each === third.prefix)
  expect(ends.map(({ expires_at }) => expires_at === null)).toEqual([false, true])
  expect(keys.find(({ prefix: each }) => each === prefix)).toHaveProperty('last_used_at')
  const { records } = await server.get<{ records: object[] }>(
    '/v1/search?ledger=main.access&q=action:access.key.rotated&order=oldest',
  )
  expect(records).toMatchObject([
    { targets: [{ id: prefix }], metadata: { asked: { new: second.prefix, overlap_minutes: 60 } } },
    { targets: [{ id: second.prefix }] },
  ])
})
