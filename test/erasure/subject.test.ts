/** Somebody is erased: afterwards nothing that is kept names them, others stay, and the ledger still proves itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../cli/command.ts'
import { masterKey } from '../support/master-key.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const ID = 'subject-7f3a'
const NAME = 'Annabella Archivist'
const EMAIL = 'annabella@archive.example'
const OTHER = 'subject-7f3ab'
const WHY = { authority: 'GDPR Art. 17', reason: 'asked on 21 November' }

const theirs = (n: number) => ({
  action: 'order.placed',
  ...(n % 3 === 0 && { actor: { type: 'user', id: ID, name: NAME, email: EMAIL } }),
  ...(n % 3 === 1 && { targets: [{ type: 'user', id: ID, name: NAME }] }),
  ...(n % 3 === 2 && { actor: { type: 'service', id: 'shop', on_behalf_of: { type: 'user', id: ID } } }),
  message: `what ${EMAIL} wanted`,
})
const others = (n: number) => ({
  action: 'order.placed',
  actor: { type: 'user', id: OTHER },
  metadata: { n },
})

/** Records of two people in turns, what was asked about one of them, and what else is kept of them. */
async function fill(server: TestServer, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, n) => (n % 2 === 0 ? theirs(n / 2) : others(n)))
  expect((await server.post('/v1/events?wait=index', records)).status).toBe(200)
  const bad = [
    { action: '', actor: { id: ID, email: EMAIL } },
    { action: '', actor: { id: OTHER } },
  ]
  await server.post('/v1/events', bad)
  for (const id of [ID, OTHER]) {
    await server.get(`/v1/actors/${id}/history`)
    await server.get(`/v1/search?q=${encodeURIComponent(`actor.id:${id}`)}`)
    const saved = await server.fetch(`/v1/saved/of-${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `actor.id:${id}`, shared: true }),
    })
    expect(saved.status).toBe(200)
  }
}

function bytesOf(directory: string): Buffer {
  return Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))))
}

/** Every entry as it can be read, compressed or sealed as it may lie on the disk. */
async function textOf(server: TestServer, ledger: string): Promise<string> {
  return (await server.fetch(`/v1/ledgers/${ledger}/entries?count=1024`)).text()
}

test.each([false, true])(
  'somebody is erased from everything, and nobody else (encrypted: %s)',
  async (isEncrypted) => {
    const { setting } = masterKey()
    const server = await testServer(isEncrypted ? { master_key: setting } : {})
    await fill(server, 600)
    expect(bytesOf(server.data).includes(EMAIL)).toBe(!isEncrypted)
    const { status, body } = await server.post('/v1/erasures/subject', { subject: { id: ID }, ...WHY })
    expect(status).toBe(200)
    expect(body).toMatchObject({ complete: true, records: 300, quarantined: 1, saved_searches: 1 })
    expect(body['accesses']).toBeGreaterThanOrEqual(2)
    expect(JSON.stringify(body)).not.toContain(ID)

    // Read before the disk is looked at: such a read of the ledger of accesses is recorded itself.
    const texts = [await textOf(server, 'main'), await textOf(server, 'main.access')]
    for (const word of [`${ID}"`, `${ID} `, NAME, EMAIL])
      for (const text of texts) expect(text).not.toContain(word)
    expect(texts[0]!.split(OTHER)).toHaveLength(301)
    expect(texts[1]).toContain(OTHER)
    const found = await server.get<{ records: unknown[] }>(`/v1/search?actor=${OTHER}&limit=1000`)
    expect(found.records).toHaveLength(300)
    expect((await server.get<{ total: number }>('/v1/quarantine')).total).toBe(1)
    expect((await server.get<{ searches: unknown[] }>('/v1/saved')).searches).toHaveLength(1)

    await server.running.stop()
    const disk = Buffer.concat([bytesOf(server.data), bytesOf(server.keys)]).toString('latin1')
    expect(disk.replaceAll(OTHER, '')).not.toContain(ID)
    for (const word of [NAME, EMAIL]) expect(disk).not.toContain(word)
    const verified = await run([
      'verify',
      server.data,
      '--keys',
      server.keys,
      '--ledger',
      'main',
      ...(isEncrypted ? ['--master-key', setting] : []),
    ])
    expect(verified.stdout).toContain('erased')
  },
)

test('only those of the type that is named, and again nothing', async () => {
  const server = await testServer()
  const actors = ['user', 'service'].map((type) => ({ action: 'a.b', actor: { type, id: ID } }))
  await server.post('/v1/events?wait=index', actors)
  const ask = async () =>
    (await server.post('/v1/erasures/subject', { subject: { id: ID, type: 'user' }, ...WHY })).body
  expect(await ask()).toMatchObject({ complete: true, records: 1, erasure_indexes: [2] })
  expect(await ask()).toMatchObject({ complete: true, records: 0, erasure_indexes: [] })
  const { records } = await server.get<{ records: { actor?: unknown }[] }>(`/v1/search?actor=${ID}`)
  expect(records.map(({ actor }) => actor)).toEqual([{ type: 'service', id: ID }])
})

test('the ledger says whom it erased to nobody but who knows them', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', [{ action: 'a.b', actor: { id: ID } }])
  const { body } = await server.post('/v1/erasures/subject', { subject: { id: ID }, ...WHY })
  const said = await textOf(server, 'main')
  expect(said).toContain(String(body['subject']))
  const accesses = await textOf(server, 'main.access')
  expect(accesses).toContain(String(body['subject']))
  expect(accesses).not.toContain(ID)
})
