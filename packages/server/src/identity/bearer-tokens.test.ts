import { createHmac } from 'node:crypto'
import {
  base64url,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BUILT_IN_ROLES } from '../access/roles.ts'
import { BearerTokens } from './bearer-tokens.ts'
import { COOL_DOWN_MS, JsonWebKeys } from './json-web-keys.ts'
import { readMapping } from './role-mapping.ts'

const ISSUER = 'https://id.example.com'
const AUDIENCE = 'trailproof'
const HOUR = 3600
const roles = { get: (name: string) => BUILT_IN_ROLES.find((role) => role.name === name) }

type Pair = Awaited<ReturnType<typeof generateKeyPair>>
let es: Pair
let rs: Pair
let stranger: Pair
let published: object[] = []
let reads = 0
let now = 0

beforeAll(async () => {
  es = await generateKeyPair('ES256', { extractable: true })
  rs = await generateKeyPair('RS256', { extractable: true })
  stranger = await generateKeyPair('ES256', { extractable: true })
})

beforeEach(async () => {
  now = Date.UTC(2026, 0, 1)
  reads = 0
  published = [
    { ...(await exportJWK(es.publicKey)), kid: 'es', alg: 'ES256', use: 'sig' },
    { ...(await exportJWK(rs.publicKey)), kid: 'rs' },
  ]
})

function bearers(): BearerTokens {
  const keys = new JsonWebKeys(
    async () => {
      reads++
      return JSON.stringify({ keys: published })
    },
    () => now,
    () => tokens.keysChanged(),
  )
  const tokens: BearerTokens = new BearerTokens({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['ES256', 'EdDSA', 'RS256'],
    groupsClaim: 'realm.groups',
    mapping: readMapping('jwt_roles', 'staff=viewer@shop, staff=producer@shop, bosses=owner'),
    keyOf: keys.keyOf,
    roles,
    now: () => now,
  })
  return tokens
}

const claims = (more: Record<string, unknown> = {}): JWTPayload => ({
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'till-7',
  exp: now / 1000 + HOUR,
  realm: { groups: ['staff', 'others'] },
  ...more,
})

const header = (more: Partial<JWTHeaderParameters> = {}): JWTHeaderParameters => ({
  alg: 'ES256',
  kid: 'es',
  ...more,
})

async function signed(payload = claims(), head = header(), key = es.privateKey): Promise<string> {
  return new SignJWT(payload).setProtectedHeader(head).sign(key)
}

async function shown(tokens: BearerTokens, token: string) {
  await tokens.prepare({ token })
  return tokens.identify({ token })
}

/** By hand, as an attacker would. */
function raw(head: object | string, payload: object | string, signature = ''): string {
  const encoded = [head, payload].map((part) =>
    base64url.encode(typeof part === 'string' ? part : JSON.stringify(part)),
  )
  return [...encoded, signature].join('.')
}

test('a token of the issuer is its subject, with the roles of its groups, and is checked once', async () => {
  const tokens = bearers()
  const token = await signed(claims({ name: 'Till 7' }))
  expect(tokens.identify({ token })).toBeUndefined()
  expect(await shown(tokens, token)).toMatchObject({
    kind: 'caller',
    id: 'service:jwt:till-7',
    name: 'Till 7',
    home: 'shop',
    grants: [{ role: { name: 'viewer' }, ledger: 'shop' }, { role: { name: 'producer' } }],
  })
  expect(tokens.prepare({ token })).toBeUndefined()
  expect(
    await shown(tokens, await signed(claims(), header({ alg: 'RS256', kid: 'rs' }), rs.privateKey)),
  ).toMatchObject({
    kind: 'caller',
  })
  expect(reads).toBe(1)
})

test('it ends when it says so, with a minute for clocks that differ, and so does what was begun with it', async () => {
  const tokens = bearers()
  const token = await signed()
  const caller = await shown(tokens, token)
  if (caller?.kind !== 'caller') throw new Error('nobody')
  using watch = caller.watch()
  now += (HOUR + 59) * 1000
  expect(tokens.identify({ token })).toMatchObject({ kind: 'caller' })
  now += 1000
  expect(tokens.identify({ token })).toMatchObject({ kind: 'refused', reason: 'expired' })
  watch.check()
  expect(watch.refusal).toMatchObject({ reason: 'expired' })
})

describe('refuses', () => {
  test.each<[string, () => JWTPayload]>([
    ['another issuer', () => claims({ iss: 'https://evil.example' })],
    ['no issuer', () => claims({ iss: undefined })],
    ['another audience', () => claims({ aud: 'another' })],
    ['no audience', () => claims({ aud: undefined })],
    ['one that has expired', () => claims({ exp: now / 1000 - 61 })],
    ['one that never ends', () => claims({ exp: undefined })],
    ['one that ends in a year', () => claims({ exp: now / 1000 + 365 * 24 * HOUR })],
    ['one that is not valid yet', () => claims({ nbf: now / 1000 + 61 })],
    ['nobody', () => claims({ sub: undefined })],
    ['a name that is none', () => claims({ sub: '' })],
    ['a name with a line break', () => claims({ sub: 'a\nb' })],
    ['a name without end', () => claims({ sub: 'x'.repeat(300) })],
    ['one larger than any', () => claims({ filler: 'x'.repeat(9000) })],
  ])('%s', async (_, payload) => {
    expect(await shown(bearers(), await signed(payload()))).toMatchObject({ kind: 'refused' })
  })

  test.each<[string, () => Partial<JWTHeaderParameters>]>([
    ['another type', () => ({ typ: 'dpop+jwt' })],
    ['extensions that are not known', () => ({ crit: ['b64'], b64: true })],
    ['a key that is not there', () => ({ kid: 'other' })],
    ['a path for a key', () => ({ kid: '../../../../etc/passwd' })],
    ['a query for a key', () => ({ kid: "es' OR '1'='1" })],
  ])('%s', async (_, head) => {
    expect(await shown(bearers(), await signed(claims(), header(head())))).toMatchObject({ kind: 'refused' })
  })

  test('a signature of somebody else, also when the token brings the key along', async () => {
    const jwk = await exportJWK(stranger.publicKey)
    for (const head of [
      {},
      { jwk },
      { jku: 'https://evil.example/keys' },
      { x5u: 'https://evil.example/x' },
      { kid: undefined },
    ])
      expect(
        await shown(bearers(), await signed(claims(), header(head as never), stranger.privateKey)),
        JSON.stringify(head),
      ).toMatchObject({ kind: 'refused' })
    expect(reads).toBeGreaterThan(0)
  })

  test('what is changed after it was signed, and a signature that is cut or another token’s', async () => {
    const [head, , signature] = (await signed()).split('.') as [string, string, string]
    const boss = base64url.encode(JSON.stringify(claims({ realm: { groups: ['bosses'] } })))
    for (const token of [
      [head, boss, signature].join('.'),
      [head, boss, 'AA'].join('.'),
      (await signed()).slice(0, -2),
    ])
      expect(await shown(bearers(), token)).toMatchObject({ kind: 'refused' })
    expect(await shown(bearers(), [head, boss, ''].join('.'))).toBeUndefined()
  })

  test.each(['none', 'None', 'NONE', 'nOnE', ''])('no algorithm at all, written %j', async (alg) => {
    expect(await shown(bearers(), raw({ alg }, claims()))).toBeUndefined()
    expect(await shown(bearers(), raw({ alg, kid: 'es' }, claims(), 'AA'))).toMatchObject({ kind: 'refused' })
  })

  test('the public key used as a secret', async () => {
    const pem = await exportSPKI(rs.publicKey)
    for (const secret of [pem, pem.trim(), JSON.stringify(published[1])])
      for (const alg of ['HS256', 'hs256', 'RS256']) {
        const [head, payload] = raw({ alg, kid: 'rs', typ: 'JWT' }, claims()).split('.')
        const signature = createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url')
        expect(await shown(bearers(), `${head}.${payload}.${signature}`)).toMatchObject({ kind: 'refused' })
      }
  })

  test('a secret among the keys of the issuer', async () => {
    const secret = Buffer.alloc(32, 1)
    published = [{ kty: 'oct', kid: 'es', k: secret.toString('base64url') }]
    const token = await new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'es' }).sign(secret)
    expect(await shown(bearers(), token)).toMatchObject({ kind: 'refused' })
  })

  test('an algorithm that the key is not of, and one that is not pinned', async () => {
    const other = await importJWK(await exportJWK(rs.privateKey), 'PS256')
    const ps = await new SignJWT(claims()).setProtectedHeader({ alg: 'PS256', kid: 'rs' }).sign(other)
    expect(await shown(bearers(), ps)).toMatchObject({ kind: 'refused' })
    expect(await shown(bearers(), await signed(claims(), header({ alg: 'ES256', kid: 'rs' })))).toMatchObject(
      {
        kind: 'refused',
      },
    )
  })

  test('claims that are there twice, in token and header', async () => {
    const text = JSON.stringify(claims())
    for (const [head, payload] of [
      [JSON.stringify(header()), text.replace('{', '{"sub":"boss",')],
      [JSON.stringify(header()).replace('{', '{"alg":"none",'), text],
      [JSON.stringify(header()), 'null'],
      [JSON.stringify(header()), `${text} `.repeat(2)],
    ] as const) {
      const [first, second] = raw(head, payload).split('.')
      const signature = await crypto.subtle.sign(
        { name: 'ECDSA', hash: 'SHA-256' },
        es.privateKey,
        new TextEncoder().encode(`${first}.${second}`),
      )
      const token = `${first}.${second}.${Buffer.from(signature).toString('base64url')}`
      expect(await shown(bearers(), token), payload).toMatchObject({ kind: 'refused' })
    }
  })
})

test('a new key of the issuer is found, and one that was withdrawn opens nothing any more', async () => {
  const tokens = bearers()
  const old = await signed()
  const caller = await shown(tokens, old)
  if (caller?.kind !== 'caller') throw new Error('nobody')
  using watch = caller.watch()
  published = [{ ...(await exportJWK(stranger.publicKey)), kid: 'next' }]
  const next = await signed(claims(), header({ kid: 'next' }), stranger.privateKey)
  // Whatever comes within the time, the keys are not read again.
  for (let i = 0; i < 50; i++)
    await shown(tokens, await signed(claims(), header({ kid: `unknown-${i}` }), stranger.privateKey))
  expect(reads).toBe(1)
  now += COOL_DOWN_MS
  expect(await shown(tokens, next)).toMatchObject({ kind: 'caller' })
  expect(reads).toBe(2)
  expect(watch.refusal).toMatchObject({ reason: 'revoked' })
  expect(await shown(tokens, old)).toMatchObject({ kind: 'refused' })
})

test('keys that cannot be read let nobody in, and are asked for again', async () => {
  const tokens = bearers()
  const token = await signed()
  const good = published
  published = undefined as never
  expect(await shown(tokens, token)).toMatchObject({ kind: 'refused' })
  published = good
  now += COOL_DOWN_MS
  expect(await shown(tokens, token)).toMatchObject({ kind: 'caller' })
})

test.each(['a', 'a=', '=viewer', 'a=Viewer', 'a=viewer@', 'a=viewer@Shop'])(
  'roles of groups that cannot be (%s)',
  (text) => {
    expect(() => readMapping('jwt_roles', text)).toThrow(/expected name=role/)
  },
)
