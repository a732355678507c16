import { expect, test } from 'vitest'
import { testServer } from '../support/test-server.ts'

interface Node {
  readonly action: string
  readonly children: readonly Node[]
}

const shapeOf = ({ action, children }: Node): unknown =>
  children.length === 0 ? action : [action, ...children.map(shapeOf)]

test('a trail is a tree of what led to what, across services', async () => {
  const server = await testServer()
  const trace_id = '4bf92f3577b34da6a3ce929d0e0e4736'
  const span = (id: string, parent: string | undefined, service: string, action: string, second: number) => ({
    kind: 'trail',
    trace_id,
    span_id: id,
    ...(parent !== undefined && { parent_span_id: parent }),
    service,
    action,
    timestamp: `2026-01-01T10:00:${String(second).padStart(2, '0')}Z`,
  })
  const cause = '0198a000-0000-7000-8000-000000000001'
  await server.post('/v1/events?wait=index', [
    { ...span('c', 'b', 'pay-api', 'POST /pay', 3), id: cause },
    {
      trace_id,
      causation_id: cause,
      service: 'mail',
      action: 'mail.sent',
      timestamp: '2026-01-01T10:00:09Z',
    },
    span('a', undefined, 'gateway', 'POST /orders', 1),
    span('b', 'a', 'order-api', 'POST /internal/orders', 2),
    {
      trace_id,
      span_id: 'b',
      service: 'order-api',
      action: 'order.placed',
      timestamp: '2026-01-01T10:00:04Z',
    },
    span('z', 'lost', 'worker', 'job', 8),
  ])
  const { tree, records } = await server.get<{
    tree: (Node & { parent_missing: boolean })[]
    records: unknown[]
  }>(`/v1/trails/${trace_id}`)
  expect(records).toHaveLength(6)
  expect(tree.map(shapeOf)).toEqual([
    ['POST /orders', ['POST /internal/orders', ['POST /pay', 'mail.sent'], 'order.placed']],
    'job',
  ])
  expect(tree.map(({ parent_missing }) => parent_missing)).toEqual([false, true])
})

const INVOICE = Array.from({ length: 5 }, (_, n) => ({
  action: 'invoice.updated',
  actor: { id: n % 2 === 0 ? 'u-1' : 'u-2' },
  targets: [
    { type: 'invoice', id: 'i-1' },
    { type: 'customer', id: n === 0 ? 'i-1' : 'c-9' },
  ],
  session_id: `s-${n % 2}`,
  changes: [{ path: '/total', old: n, new: n + 1 }],
}))

test('a history tells how a target changed, newest first, page by page', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', [
    ...INVOICE,
    { action: 'other', targets: [{ type: 'invoice', id: 'i-2' }] },
  ])
  interface History {
    readonly history: readonly { changes: readonly { new: number }[]; actor: { id: string } }[]
    readonly next: string | null
  }
  const first = await server.get<History>('/v1/targets/invoice/i-1/history?limit=3')
  expect(first.history.map(({ changes }) => changes[0]!.new)).toEqual([5, 4, 3])
  const rest = await server.get<History>(`/v1/targets/invoice/i-1/history?limit=3&cursor=${first.next}`)
  expect(rest.history.map(({ changes }) => changes[0]!.new)).toEqual([2, 1])
  expect((await server.get<History>('/v1/targets/customer/i-1/history')).history).toHaveLength(1)
  const actor = await server.get<History>('/v1/actors/u-2/history')
  expect(actor.history.map(({ changes }) => changes[0]!.new)).toEqual([4, 2])
})

test('shows what was recorded around a record, all of it or of the same session', async () => {
  const server = await testServer()
  const { body } = await server.post('/v1/events?wait=index', INVOICE)
  const { id } = body.receipts[2]!
  const around = async (query: string) => {
    type Context = Record<'before' | 'after', { index: number }[]>
    const { before, after } = await server.get<Context>(`/v1/events/${id}/context?${query}`)
    return [before, after].map((records) => records.map(({ index }) => index))
  }
  expect(await around('')).toEqual([
    [0, 1],
    [3, 4],
  ])
  expect(await around('before=1&after=1')).toEqual([[1], [3]])
  expect(await around('by=session')).toEqual([[0], [4]])
  expect((await server.fetch(`/v1/events/${id}/context?by=ip`)).status).toBe(400)
})

test('saves searches, for oneself or for all readers, and queries may name them', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', INVOICE)
  const put = (name: string, body: object, token?: string) =>
    server.fetch(`/v1/saved/${name}`, {
      method: 'PUT',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
      ...(token !== undefined && { token }),
    })
  expect((await put('mine', { query: 'actor:u-1' })).status).toBe(200)
  expect((await put('ours', { query: '$mine action:invoice.*', shared: true, pinned: true })).status).toBe(
    200,
  )
  const found = await server.get<{ records: unknown[] }>(`/v1/search?q=${encodeURIComponent('$ours')}`)
  expect(found.records).toHaveLength(3)
  const token = (await server.post('/v1/keys', { name: 'reader', scopes: ['read'] })).body['token'] as string
  const seen = (await (await server.fetch('/v1/saved', { token })).json()) as {
    searches: { name: string; own: boolean }[]
  }
  expect(seen.searches).toMatchObject([{ name: 'ours', own: false }])
  expect((await put('ours', { query: 'x' }, token)).status).toBe(400)
  for (const [name, query] of [
    ['circle', '$circle'],
    ['bad', 'actor:('],
    ['bad name!', 'x'],
    ['lost', '$nothing'],
  ])
    expect((await put(encodeURIComponent(name!), { query })).status, name).toBe(400)
  const again = await server.restart()
  expect((await again.get<{ searches: unknown[] }>('/v1/saved')).searches).toHaveLength(2)
  expect((await again.fetch('/v1/saved/mine', { method: 'DELETE' })).status).toBe(204)
  expect((await again.fetch('/v1/saved/mine')).status).toBe(404)
})

test.each(['*', '', '| count', '* | top 3 actor'])('a saved search %j finds every record', async (query) => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', INVOICE)
  const { total } = await server.get<{ total: number }>('/v1/search?count=true')
  const saved = await server.fetch('/v1/saved/all', {
    method: 'PUT',
    body: JSON.stringify({ query }),
    headers: { 'content-type': 'application/json' },
  })
  expect(saved.status).toBe(200)
  const found = async (text: string): Promise<unknown> =>
    (await server.get<{ total: unknown }>(`/v1/search?count=true&q=${encodeURIComponent(text)}`)).total
  expect(await found('$all')).toEqual(total)
  expect(await found('NOT $all')).toMatchObject({ count: 0 })
  expect(await found('$all OR action:nothing')).toEqual(total)
  expect((await server.fetch('/v1/export?q=$all')).status).toBe(200)
})

test('an admin of the ledger looks after shared searches, and after those of keys that are gone', async () => {
  const server = await testServer()
  const keyed = async (key: object) => {
    const { body } = await server.post('/v1/keys', { name: 'k', ...key })
    return body as unknown as { token: string; prefix: string }
  }
  const ask = async (method: string, name: string, body?: object, token?: string) => {
    const response = await server.fetch(`/v1/saved/${name}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      ...(token !== undefined && { token }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as { detail?: string }) }
  }
  const [one, two] = [await keyed({ scopes: ['read'] }), await keyed({ scopes: ['read'] })]
  for (const name of ['changed', 'deleted', 'left'])
    expect((await ask('PUT', name, { query: 'a', shared: true }, one.token)).status).toBe(200)
  expect((await ask('PUT', 'private', { query: 'a' }, one.token)).status).toBe(200)

  // Another reader: told what is so, and no more than it sees.
  for (const method of ['PUT', 'DELETE'])
    expect(
      await ask(method, 'changed', method === 'PUT' ? { query: 'b' } : undefined, two.token),
    ).toMatchObject({
      status: 400,
      body: {
        detail: 'changed is shared by somebody else: they, and whoever has manage-searches, may change it',
      },
    })
  expect(await ask('PUT', 'private', { query: 'b' }, two.token)).toMatchObject({
    status: 400,
    body: { detail: 'the name private is taken by a search that somebody else has saved for themselves' },
  })
  expect((await ask('DELETE', 'private', undefined, two.token)).status).toBe(404)

  // The admin: shared ones, which stay their owner's, and not what a key keeps for itself.
  expect((await ask('PUT', 'changed', { query: 'b', shared: true })).body).toMatchObject({
    query: 'b',
    own: false,
  })
  expect((await ask('GET', 'changed', undefined, one.token)).body).toMatchObject({ query: 'b', own: true })
  expect((await ask('DELETE', 'deleted')).status).toBe(204)
  expect((await ask('GET', 'private')).status).toBe(404)
  expect((await ask('DELETE', 'private')).status).toBe(404)

  await server.fetch(`/v1/keys/${one.prefix}`, { method: 'DELETE' })
  const listed = await server.get<{ searches: { name: string }[] }>('/v1/saved')
  expect(listed.searches.map(({ name }) => name)).toEqual(['changed', 'left', 'private'])
  expect((await ask('PUT', 'left', { query: 'c', shared: true })).body).toMatchObject({ own: true })
  expect((await ask('DELETE', 'private')).status).toBe(204)
  // An admin of another ledger does not.
  await server.post('/v1/ledgers', { name: 'other' })
  const other = await keyed({ scopes: ['admin'], ledger: 'other' })
  expect((await ask('DELETE', 'changed?ledger=main', undefined, other.token)).status).toBe(403)
  expect((await ask('DELETE', 'changed', undefined, other.token)).status).toBe(404)
})
