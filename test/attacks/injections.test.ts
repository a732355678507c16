/**
 * Text that means something to whoever reads it next stays text: in answers, logs, streams, spreadsheets, JSON, queries.
 *
 * | attack | shown |
 * |---|---|
 * | formulas in cells of a CSV | `test/http/export-formats.test.ts`; in its titles and further columns: here |
 * | control characters in headers, names, reasons, streams of events | here |
 * | control characters on a terminal | `packages/cli/src/terminal/paint.ts`, `test/cli/find.test.ts` |
 * | markup in a record, in a browser | `test/attacks/markup.test.ts` |
 * | `__proto__`, keys twice and broken UTF-8 in a record | `test/http/hostile.test.ts`; in all other bodies and names: here |
 * | patterns that take long, nesting, long lists, huge numbers | here |
 */
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'
import { sent } from './denials.ts'

/** Names that every object of JavaScript has. */
const INHERITED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf']

async function statusOf(server: TestServer, path: string, init: RequestInit = {}): Promise<number> {
  const response = await server.fetch(path, init)
  await response.body?.cancel()
  return response.status
}

test('a name that every object has is a name like others, wherever one is asked for', async () => {
  const server = await testServer()
  await server.post('/v1/events?wait=index', { action: 'a.b', labels: { constructor: 'x' } })
  for (const name of INHERITED) {
    for (const path of [
      `/v1/search?q=${name}:x`,
      `/v1/search?q=labels.${name}:y`,
      `/v1/search?${name}=x`,
      `/v1/search?${name}[polluted]=x`,
      `/v1/search?q=$${name}`,
      `/v1/search?ledger=${name}`,
      `/v1/histogram?by=${name}`,
      `/v1/facets?fields=${name}`,
      `/v1/fields/${name}/values`,
      `/v1/export?format=csv&fields=${name}`,
      `/v1/saved/${name}`,
      `/v1/sessions?user=${name}`,
      `/v1/quarantine/${name}`,
      `/api/v1/query?query=${name}`,
      `/api/v1/query?query=${name}(trailproof_events)`,
      `/api/v1/label/${name}/values`,
    ])
      expect(await statusOf(server, path), path).toBeLessThan(500)
    expect(await statusOf(server, `/v1/users/${name}`, { method: 'DELETE' }), name).toBe(404)
    expect(await statusOf(server, `/v1/roles/${name}`, { method: 'DELETE' }), name).toBe(404)
    const invitation = { email: 'a@example.com', roles: [name] }
    expect(await statusOf(server, '/v1/invitations', sent('POST', invitation)), name).toBe(400)
  }
  // A ledger of such a name is one, and nothing else is there.
  expect((await server.post('/v1/ledgers', { name: 'constructor' })).status).toBe(201)
  expect((await server.post('/v1/events?ledger=constructor', { action: 'a.b' })).status).toBe(200)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
})

/** Each with what must not come of it. */
const POLLUTED: readonly (readonly [path: string, body: string])[] = [
  ['/v1/keys', '{"name":"k","scopes":["read"],"__proto__":{"scopes":["admin"]}}'],
  ['/v1/keys', String.raw`{"name":"k","scopes":["read"],"\u005f\u005fproto\u005f\u005f":{"x":1}}`],
  ['/v1/keys', '{"name":"k","scopes":["read"],"constructor":{"prototype":{"x":1}}}'],
  ['/v1/invitations', '{"email":"a@example.com","roles":[],"__proto__":{"roles":["owner"]}}'],
  ['/v1/search', '{"q":"*","__proto__":{"ledger":"main.access"}}'],
  ['/v1/ledgers', '{"name":"x","__proto__":{"public":true}}'],
  ['/v1/keys', '['.repeat(100_000)],
  ['/v1/search', `{"q":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`],
  ['/v1/keys', '{"name":"k","scopes":["read","read"]}'],
]

test('a body that reaches for what all objects have, or for the end of the stack, is refused', async () => {
  const server = await testServer()
  for (const [path, body] of POLLUTED)
    expect((await server.post(path, body)).status, `${path} ${body.slice(0, 60)}`).toBe(400)
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
})

/** What ends a line, a header, an event or a record of a log, or steers a terminal. */
const BREAKS = [
  'a\r\nx-evil: 1',
  'a\nevent: end\ndata: {}\n\n',
  'a\u2028b\u0085c',
  '\u001b[2Jgone',
  'a\u0000b',
]

test('control characters end no line of a stream, an export or an answer', async () => {
  const server = await testServer()
  const records = BREAKS.map((message) => ({ action: 'a.b', message, labels: { [message]: message } }))
  const controller = new AbortController()
  const tail = await server.fetch('/v1/tail', { signal: controller.signal })
  const { body } = await server.post('/v1/events?wait=index', records)
  expect(body.receipts).toHaveLength(BREAKS.length)
  let events = ''
  for await (const chunk of tail.body!.pipeThrough(new TextDecoderStream())) {
    events += chunk
    if (events.split('event: record').length > BREAKS.length || events.length > 100_000) break
  }
  controller.abort()
  const kinds = events.split('\n').flatMap((line) => (line.startsWith('event:') ? [line] : []))
  expect(kinds).not.toContain('event: end')
  for (const line of (await (await server.fetch('/v1/export')).text()).trimEnd().split('\n'))
    expect(() => JSON.parse(line) as unknown).not.toThrow()
  const answer = await (await server.fetch('/v1/search')).text()
  // oxlint-disable-next-line no-control-regex -- they are what is looked for
  expect(answer).not.toMatch(/[\u0000-\u001f]/)
})

test('control characters split no answer and no record of who asked', async () => {
  const server = await testServer()
  const broken = encodeURIComponent('a\r\nset-cookie: a=b\r\n\r\n<html>')
  for (const path of [
    `/v1/events/${broken}`,
    `/v1/ledgers/${broken}`,
    `/v1/saved/${broken}`,
    `/v1/search?ledger=${broken}`,
    `/v1/search?q=${broken}`,
    `/v1/export?ledger=${broken}&format=csv`,
    `/${broken}`,
  ]) {
    const response = await server.fetch(path)
    expect(response.status, path).toBeLessThan(500)
    expect(response.headers.get('set-cookie'), path).toBeNull()
    expect(response.headers.get('content-type'), path).toMatch(/json/)
  }
  for (const raw of [
    'x-request-id: a\rset-cookie: b',
    'trailproof-unmask: a\0b',
    'authorization: Bearer a\nb: c\0',
  ]) {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.write(`GET /v1/search HTTP/1.1\r\nhost: a\r\n${raw}\r\nconnection: close\r\n\r\n`)
    const answer = (await socket.toArray()).join('')
    expect(answer, raw).toMatch(/^HTTP\/1\.1 4\d\d /)
    expect(answer).not.toMatch(/\nset-cookie/i)
  }
  for (const name of ['a\nb', 'a\u001b[2Jb', 'a\u0000b']) {
    const invited = await server.post('/v1/invitations', { email: 'a@example.com', roles: [] })
    const token = invited.body['token']
    const accepted = { token, name, password: 'twelve characters' }
    expect((await server.post('/v1/invitations/accept', accepted)).status, name).toBe(400)
    expect((await server.post('/v1/keys', { name, scopes: ['read'] })).status, name).toBe(400)
  }
})

test('a formula is none in the titles and further columns of a CSV', async () => {
  const server = await testServer()
  const formula = '=cmd|" /C calc"!A0'
  await server.post('/v1/events', {
    action: 'a.b',
    actor: { id: formula },
    labels: { x: formula, [formula]: 'y' },
  })
  const field = encodeURIComponent('labels.x')
  const text = await (await server.fetch(`/v1/export?format=csv&fields=${field}`)).text()
  expect(text.split(/,|\r\n/).filter((cell) => /^"?[=+@\t\r-]/.test(cell))).toEqual([])
  expect(text).toContain(`'=cmd`)
})

/** Each would take for ever, or all memory, if it were done as it says. */
const COSTLY: readonly string[] = [
  `/v1/search?q=${encodeURIComponent(`message:"${'*a'.repeat(400)}*b"`)}`,
  `/v1/search?q=${encodeURIComponent(`message:${'*a'.repeat(60)}*b`)}`,
  `/v1/search?q=${encodeURIComponent(`${'a*'.repeat(40)}b`)}`,
  `/v1/search?q=${encodeURIComponent('('.repeat(8000))}`,
  `/v1/search?q=${encodeURIComponent('-'.repeat(8000) + 'a')}`,
  `/v1/search?q=${encodeURIComponent(`${'('.repeat(31)}a${')'.repeat(31)}`)}`,
  `/v1/search?q=${encodeURIComponent(`action:(${Array.from({ length: 900 }, (_, i) => `a${i}`).join(' OR ')})`)}`,
  `/v1/search?q=${encodeURIComponent(`action:(${Array.from({ length: 120 }, (_, i) => `a${i}`).join(' OR ')})`)}`,
  '/v1/search?last=999999999999y',
  '/v1/search?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z&q=* | timeline 1s',
  '/v1/search?ip=0.0.0.0/0',
  `/api/v1/query?query=${encodeURIComponent('trailproof_events{action=~"(a+)+$"}')}`,
  `/api/v1/query?query=${encodeURIComponent('trailproof_events{message=~"(a|aa)+b"}')}`,
  `/api/v1/query?query=${encodeURIComponent('('.repeat(5000))}`,
  '/api/v1/query_range?query=trailproof_events&start=0&end=9999999999&step=0.001',
  `/v1/facets?fields=${'action,'.repeat(1000)}`,
]

test('a question that would take for ever is refused or bounded, and holds up no other', async () => {
  const server = await testServer()
  const long = 'a'.repeat(60_000)
  await server.post(
    '/v1/events?wait=index',
    Array.from({ length: 50 }, () => ({ action: 'a.b', message: long })),
  )
  for (const path of COSTLY) {
    const [costly, health, recorded] = await Promise.all([
      server.fetch(path).then(async ({ status, body }) => {
        await body?.cancel()
        return status
      }),
      statusOf(server, '/healthz'),
      server.post('/v1/events', { action: 'a.b' }).then(({ status }) => status),
    ])
    // Bounded in time, it says that it is not complete; nothing of it is a fault of ours.
    expect(costly, path.slice(0, 100)).toBeOneOf([200, 400, 414, 422, 431])
    expect([health, recorded], path.slice(0, 100)).toEqual([200, 200])
  }
})
