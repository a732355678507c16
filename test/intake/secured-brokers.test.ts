/** Brokers that ask who comes, over TLS: records go through them, and whatever is not right is said without the password. */
import { randomBytes } from 'node:crypto'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type RedisServer, startRedis } from '../support/redis-server.ts'
import { type SecuredKafka, startSecuredKafka } from '../support/secured-kafka.ts'
import { makeTestAuthority, type TestAuthority } from '../support/test-authority.ts'
import { testServer } from '../support/test-server.ts'

/** What a URL would take for its own parts is in it. */
const LOGIN = { username: 'trailproof', password: 'p@ss:w/rd?#%41' }
const WRONG = 'not-the-one-it-is'

let authority: TestAuthority
let kafka: SecuredKafka
let redis: RedisServer
beforeAll(async () => {
  authority = makeTestAuthority()
  ;[kafka, redis] = await Promise.all([
    startSecuredKafka(authority, LOGIN),
    startRedis({ tls: authority, login: LOGIN }),
  ])
}, 120_000)
afterAll(async () => {
  await Promise.all([kafka[Symbol.asyncDispose](), redis[Symbol.asyncDispose]()])
  authority[Symbol.dispose]()
})

const known = getCACertificates('default')
const trustAuthority = (): void => setDefaultCACertificates([...known, authority.authority])
afterEach(() => setDefaultCACertificates(known))

const who = (password: string): string => `${LOGIN.username}:${encodeURIComponent(password)}`
const place = (): string => `t${randomBytes(6).toString('hex')}`

const kafkaBy =
  (mechanism: string) =>
  (scheme = 'kafkas', password = LOGIN.password): string => {
    const topic = place()
    const parameters = `group=${topic}&partitions=1&session_ms=6000&mechanism=${mechanism}`
    return `${scheme}://${who(password)}@${kafka.address}/${topic}?${parameters}`
  }

const BROKERS = [
  ...['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].map((mechanism) => ({
    broker: `Kafka with ${mechanism}`,
    address: () => kafka.address,
    intake: kafkaBy(mechanism),
    plain: 'kafka',
  })),
  {
    broker: 'Redis with a user of its list',
    address: () => `127.0.0.1:${redis.port}`,
    intake: (scheme = 'rediss', password: string = LOGIN.password) =>
      `${scheme}://${who(password)}@127.0.0.1:${redis.port}/0?prefix=${place()}&shards=1&lease_ms=1000`,
    plain: 'redis',
  },
]

/** Why a server with this intake does not start. */
async function refusal(intake: string, address: string): Promise<string> {
  const error = await testServer({ intake }).then(
    () => undefined,
    (reason: unknown) => reason as Error,
  )
  expect(error).toMatchObject({ code: 'BROKER_UNAVAILABLE' })
  expect(error!.message).toContain(address)
  for (const secret of [LOGIN.password, encodeURIComponent(LOGIN.password), WRONG])
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain(secret) // all that a log could tell
  return error!.message
}

describe.each(BROKERS)('$broker', ({ address, intake }) => {
  beforeEach(trustAuthority)

  test('takes records to the ledger and brings receipts back', async () => {
    const server = await testServer({ intake: intake() })
    const { status, body } = await server.post('/v1/events', [
      { action: 'order.placed' },
      { action: 'order.paid' },
    ])
    expect(status).toBe(200)
    expect(body.receipts).toMatchObject([
      { status: 'recorded', index: 0 },
      { status: 'recorded', index: 1 },
    ])
    expect((await server.fetch('/readyz')).status).toBe(200)
  })

  test('refuses a wrong password, and says so', async () => {
    expect(await refusal(intake(undefined, WRONG), address())).toMatch(/password|authentication/i)
  })
})

// The same whatever the mechanism.
describe.each(BROKERS.slice(2))('$broker', ({ address, intake, plain }) => {
  test('a client without TLS is told that there is no way', async () => {
    expect(await refusal(intake(plain), address())).toMatch(/TLS/)
  })

  test('a certificate of an authority that nobody knows is not believed', async () => {
    expect(await refusal(intake(), address())).toMatch(/certificate/i)
  })
})
