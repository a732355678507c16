import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

interface AccessRecord {
  readonly action: string
  readonly actor: { readonly id: string; readonly name: string }
  readonly source: { readonly ip: string }
  readonly targets?: readonly { readonly type: string; readonly id: string }[]
  readonly metadata: {
    readonly asked: Record<string, unknown>
    readonly repeats?: number
    readonly ledger: string
  }
}

/** Reads of `main` that were recorded, oldest first. */
async function accesses(server: TestServer): Promise<readonly AccessRecord[]> {
  const { size } = await server.get<{ size: number }>('/v1/ledgers/main.access')
  const path = `/v1/search?ledger=main.access&order=oldest&min_index=${size - 1}`
  const { records } = await server.get<{ records: AccessRecord[] }>(path)
  return records
}

test('a search, a view and a trail are recorded before they are answered', async () => {
  const server = await testServer()
  const { body } = await server.post('/v1/events?wait=index', {
    action: 'a.b',
    trace_id: 't-1',
    actor: { id: 'u-1' },
  })
  const { id } = body.receipts[0]!
  await server.get('/v1/search?q=actor:u-1')
  await server.get(`/v1/events/${id}`)
  await server.get('/v1/trails/t-1')
  await server.get('/v1/histogram?by=outcome')
  const recorded = await accesses(server)
  expect(recorded.map(({ action }) => action)).toEqual([
    'access.search',
    'access.view',
    'access.trail',
    'access.histogram',
  ])
  expect(recorded[0]).toMatchObject({
    actor: { id: 'preset' },
    source: { ip: '127.0.0.1' },
    metadata: { ledger: 'main', asked: { q: 'actor:u-1' } },
  })
  expect(recorded[1]!.targets).toEqual([{ id, type: 'record' }])
})

test('the same read again is counted, and the count recorded at the end', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', [{ action: 'a.b' }, { action: 'a.b' }])
  const { next } = await server.get<{ next: string }>('/v1/search?q=action:a.b&limit=1')
  await server.get(`/v1/search?q=action:a.b&limit=1&cursor=${next}`)
  await server.get('/v1/search?q=action:a.b&limit=2')
  await server.get('/v1/search?q=action:other')
  expect((await accesses(server)).map(({ metadata }) => metadata.asked['q'])).toEqual([
    'action:a.b',
    'action:other',
  ])
  const again = await server.restart()
  const counted = (await accesses(again)).find(({ metadata }) => metadata.repeats !== undefined)
  expect(counted).toMatchObject({
    action: 'access.search',
    metadata: { asked: { q: 'action:a.b' }, repeats: 2 },
  })
})

test('reading the ledger of reads makes no ledger of its own, and takes the scope admin', async () => {
  const server = await testServer()
  await server.post('/v1/events', { action: 'a.b' })
  await server.get('/v1/search')
  await server.get('/v1/search?ledger=main.access')
  const { ledgers } = await server.get<{ ledgers: { name: string; size: number }[] }>('/v1/ledgers')
  expect(ledgers.map(({ name }) => name)).toEqual(['main', 'main.access'])
  const token = (await server.post('/v1/keys', { name: 'reader', scopes: ['read'] })).body['token'] as string
  expect((await server.fetch('/v1/search?ledger=main.access', { token })).status).toBe(403)
  expect((await server.post('/v1/events?ledger=main.access', { action: 'a.b' })).status).toBe(403)
})

test('changes of keys and ledgers are recorded with who made them', async () => {
  const server = await testServer()
  const { body } = await server.post('/v1/keys', { name: 'reader', scopes: ['read'] })
  const prefix = body['prefix'] as string
  expect((await server.fetch(`/v1/keys/${prefix}`, { method: 'DELETE' })).status).toBe(204)
  const recorded = await accesses(server)
  expect(recorded.map(({ action, targets }) => [action, targets?.[0]?.id])).toEqual([
    ['access.key.created', prefix],
    ['access.key.revoked', prefix],
  ])
  await server.post('/v1/ledgers', { name: 'acme' })
  expect(await server.get('/v1/ledgers/acme.access')).toMatchObject({ size: 1 })
})

test('a refused read is not a read, and without room reads are refused', async () => {
  const server = await testServer()
  await server.post('/v1/events', { action: 'a.b' })
  expect((await server.fetch('/v1/events/00000000-0000-7000-8000-000000000000')).status).toBe(404)
  expect((await server.fetch('/v1/ledgers/main.access')).status).toBe(404)
  const full = await server.restart({ disk_reserve_mib: 1_000_000_000 })
  const refused = await full.fetch('/v1/search')
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({ type: 'urn:trailproof:problem:disk-reserve' })
  expect((await full.fetch('/v1/ledgers/main')).status).toBe(200)
})

test('a key whose making cannot be recorded opens nothing', async () => {
  const server = await testServer({ disk_reserve_mib: 1_000_000_000 })
  expect((await server.post('/v1/keys', { name: 'unrecorded', scopes: ['read'] })).status).toBe(503)
  const { keys } = await server.get<{ keys: { name: string; revoked_at: string | null }[] }>('/v1/keys')
  expect(keys.find(({ name }) => name === 'unrecorded')).toMatchObject({
    revoked_at: expect.any(String) as string,
  })
})

test('with record_reads off nothing is recorded', async () => {
  const server = await testServer({ record_reads: false })
  await server.get('/v1/search')
  expect((await server.fetch('/v1/ledgers/main.access')).status).toBe(404)
})
