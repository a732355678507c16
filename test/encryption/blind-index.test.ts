/** Search on encrypted ledgers, with each index: what is found, what is refused, and what of it lies on the disk. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { execute } from '../support/each-postgres.ts'
import { masterKey } from '../support/master-key.ts'
import { migrated } from '../support/migrated-database.ts'
import { type OpenSearchNode, startOpenSearch } from '../support/opensearch-node.ts'
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts'
import { bytesBelow, tablesOf } from '../support/stored-bytes.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

let postgres: PostgresServer
let opensearch: OpenSearchNode
let places = 0
beforeAll(async () => {
  ;[postgres, opensearch] = await Promise.all([startPostgres(), startOpenSearch()])
}, 120_000)
afterAll(() => Promise.all([postgres, opensearch].map((service) => service[Symbol.asyncDispose]())))

async function database(): Promise<string> {
  const name = `blind_${places++}`
  await execute(postgres.url, `CREATE DATABASE ${name}`)
  return migrated(postgres.url.replace(/[^/]*$/, name))
}

/** The setting `search_index` of a new index, and all that its driver has on the disk. */
interface TestedIndex {
  readonly place: () => Promise<string>
  readonly stored: (server: TestServer) => Promise<Buffer>
}

const INDEXES: readonly (readonly [string, TestedIndex])[] = [
  ['sqlite', { place: async () => '', stored: async (server) => allFiles(server) }],
  [
    'postgres',
    {
      place: database,
      stored: () => tablesOf(postgres, postgres.url),
    },
  ],
  [
    'opensearch',
    {
      place: async () => `${opensearch.url}/blind${places++}`,
      stored: async () => bytesBelow(opensearch.data),
    },
  ],
]

const PEOPLE = [
  'anna.karenina',
  'ANNA.Karenina',
  'lewin@example.com',
  '12',
  '12.0',
  '01890a5d-ac96-774b-bcce-b302099a8057',
]
const SECRETS = [
  'karenina',
  'lewin',
  '203.0.113.7',
  'oblonsky',
  'very-private-words',
  'platinum',
  '774b-bcce',
  'session-of',
]

function recordOf(n: number): object {
  return {
    action: n % 2 === 0 ? 'order.placed' : 'order.paid',
    service: 'shop',
    outcome: 'success',
    actor: { id: PEOPLE[n % PEOPLE.length], name: 'Stiwa Oblonsky' },
    targets: [{ type: 'order', id: `target-of-karenina-${n % 3}` }],
    source: { ip: '203.0.113.7' },
    session_id: `session-of-${n % 5}`,
    labels: { tier: n % 4 === 0 ? 'platinum' : 'basic' },
    response: { status: n % 3 === 0 ? 500 : 200 },
    message: 'very-private-words were spoken',
    latency_ms: n,
  }
}

const COUNT = 60
async function filled(settings: Record<string, unknown>): Promise<TestServer> {
  const server = await testServer(settings)
  const { status } = await server.post(
    '/v1/events?wait=index',
    Array.from({ length: COUNT }, (_, n) => recordOf(n)),
  )
  expect(status).toBe(200)
  return server
}

async function found(
  server: TestServer,
  query: string,
): Promise<{ status: number; indexes: number[]; detail: string }> {
  const response = await server.fetch(`/v1/search?limit=100&q=${encodeURIComponent(query)}`)
  const body = (await response.json()) as { records?: { index: number }[]; detail?: string }
  return {
    status: response.status,
    indexes: (body.records ?? []).map(({ index }) => index),
    detail: body.detail ?? '',
  }
}

/** Every byte of the data directory but the files of a database that is open. */
function allFiles({ data }: TestServer): Buffer {
  return Buffer.concat(readdirSync(data).map((name) => readFileSync(join(data, name))))
}

const indexBytes = (server: TestServer): Buffer =>
  Buffer.concat(
    readdirSync(server.data)
      .filter((name) => name.startsWith('index.db'))
      .map((name) => readFileSync(join(server.data, name))),
  )

test.each(INDEXES)(
  '%s finds what an index in clear finds, by whole values and by the core group',
  async (_, { place }) => {
    const [clear, blind] = await Promise.all([
      filled({}),
      filled({ master_key: masterKey().setting, search_index: await place() }),
    ])
    for (const query of [
      '',
      'actor.id:anna.karenina',
      'actor.id:ANNA.KARENINA',
      'actor.id:12',
      'actor.id:12.0',
      'actor.id:01890a5d-ac96-774b-bcce-b302099a8057',
      'actor.id:nobody',
      'actor.id:anna.karenina action:order.paid',
      'actor.id:anna.karenina OR action:order.paid',
      'NOT actor.id:anna.karenina',
      'NOT (actor.id:12 OR labels.tier:platinum)',
      'actor.id:(12, lewin@example.com)',
      'targets.id:target-of-karenina-1',
      'source.ip:203.0.113.7',
      'session_id:session-of-3',
      'labels.tier:platinum',
      'label.tier:platinum response.status:500',
      'response.status:500',
      'NOT response.status:500',
      'actor.name:"Stiwa Oblonsky" action:order.paid',
      'has:actor.id',
      'latency_ms:>=50',
      'action:order.p*',
      'latency_ms:<10 actor.id:anna.karenina',
    ]) {
      const [expected, actual] = await Promise.all([found(clear, query), found(blind, query)])
      expect(actual, query).toEqual(expected)
      expect(expected.status, query).toBe(200)
    }
  },
)

test.each(INDEXES)(
  '%s refuses what only an index of the values could answer, naming field and reason',
  async (_, { place }) => {
    const server = await filled({ master_key: masterKey().setting, search_index: await place() })
    for (const [query, field] of [
      ['karenina', 'free text'],
      ['"private words"', 'free text'],
      ['NOT karenina', 'free text'],
      ['actor.id:anna*', 'actor.id'],
      ['actor.name:*blonsky', 'actor.name'],
      ['actor.id:/kar.*/', 'actor.id'],
      ['source.ip:203.0.113.0/24', 'source.ip'],
      ['response.status:>=500', 'response.status'],
      ['action:order.paid (labels.tier:plat* OR latency_ms:3)', 'labels.tier'],
      ['metadata.note:a*', 'metadata.note'],
      ['message:spoken', 'message'],
    ] as const) {
      const { status, detail } = await found(server, query)
      expect(status, query).toBe(422)
      expect(detail, query).toMatch(/content is encrypted/)
      expect(detail, query).toContain(field)
    }
  },
)

describe('nothing personal lies in clear', () => {
  test.each(INDEXES)(
    'in any file of the data, quarantine included, with %s',
    async (_, { place, stored }) => {
      const server = await filled({ master_key: masterKey().setting, search_index: await place() })
      const bad = { ...recordOf(1), action: 17, actor: { id: 'anna.karenina', type: { no: 'type' } } }
      const { body } = await server.post('/v1/events', [bad, recordOf(2)])
      const id = body.receipts[0]!.quarantine_id!
      expect(id).toBeTruthy()
      const kept = await (await server.fetch(`/v1/quarantine/${id}`)).text()
      expect(kept).toContain('karenina')
      await server.running.stop()
      const bytes = Buffer.concat([allFiles(server), await stored(server)])
      for (const secret of SECRETS) expect(bytes.includes(secret), secret).toBe(false)
      const again = await server.restart()
      expect(await (await again.fetch(`/v1/quarantine/${id}`)).text()).toContain('karenina')
      // It would have been seen there.
      const clear = await filled({ search_index: await place() })
      expect((await stored(clear)).includes('karenina')).toBe(true)
    },
  )

  test('of an index that was made before: it is dropped and made again', async () => {
    const before = await filled({})
    await before.running.stop()
    expect(indexBytes(before).includes('karenina')).toBe(true)
    const server = await before.restart({ master_key: masterKey().setting })
    await expect
      .poll(async () => (await found(server, 'actor.id:lewin@example.com')).indexes.length, {
        timeout: 20_000,
      })
      .toBe(COUNT / PEOPLE.length)
    await server.running.stop()
    for (const secret of ['karenina', 'lewin', 'platinum'])
      expect(indexBytes(server).includes(secret), secret).toBe(false)
  })
})

test('two ledgers have nothing in common for the same person', async () => {
  const { blindName } = await import('../../packages/server/src/search/blind-terms.ts')
  const names = [1, 2].map((n) => blindName(new Uint8Array(32).fill(n), 'actor.id', 'anna')!.name)
  expect(names[0]).not.toBe(names[1])
})
