/**
 * A cursor or the mark of an export goes on for whom and what it was made, and in no other way.
 *
 * | attack | shown |
 * |---|---|
 * | each bit of a cursor flipped; one of another caller, ledger, query or server; each character of a mark | here |
 * | a cursor of another query, ledger or key | `test/http/search.test.ts` |
 * | a mark of another range or query | `test/http/export.test.ts` |
 * | changed tiles, proofs and checkpoints | `test/damage`, `packages/verify` |
 */
import { expect, test } from 'vitest'
import { tokenFor } from '../support/api-key.ts'
import { testServer } from '../support/test-server.ts'

const batch = (size: number) => Array.from({ length: size }, () => ({ action: 'a.b' }))

test('no bit of a cursor can be changed, nor is it good elsewhere', async () => {
  const server = await testServer()
  await server.post('/v1/ledgers', { name: 'other' })
  await server.post('/v1/events?wait=index', batch(10))
  await server.post('/v1/events?wait=index&ledger=other', batch(10))
  const { next } = await server.get<{ next: string }>('/v1/search?limit=1')
  const status = async (cursor: string, path = '/v1/search?limit=1', token?: string) =>
    (await server.fetch(`${path}&cursor=${encodeURIComponent(cursor)}`, token === undefined ? {} : { token }))
      .status
  const bytes = Buffer.from(next, 'base64url')
  for (let bit = 0; bit < 8 * bytes.length; bit++) {
    const changed = Buffer.from(bytes)
    changed[bit >> 3]! ^= 1 << (bit & 7)
    expect(await status(changed.toString('base64url')), `bit ${bit}`).toBe(400)
  }
  for (const text of ['', 'AAAA', next.slice(0, -1), next + next, '0'.repeat(10_000), '../../etc', '\u0000'])
    expect(await status(text), text.slice(0, 50)).toBeOneOf(text === '' ? [200, 400] : [400, 414, 431])
  const admin = await tokenFor(server, { scopes: ['admin'] })
  expect(await status(next, '/v1/search?limit=1', admin)).toBe(400)
  expect(await status(next, '/v1/search?limit=1&ledger=other')).toBe(400)
  const another = await testServer()
  await another.post('/v1/events?wait=index', batch(10))
  expect((await another.fetch(`/v1/search?limit=1&cursor=${next}`)).status).toBe(400)
  expect(await status(next)).toBe(200)
})

test('no character of a mark can be changed, nor is it good elsewhere', async () => {
  const server = await testServer()
  await server.post('/v1/ledgers', { name: 'other' })
  await server.post('/v1/events', batch(1100))
  await server.post('/v1/events?ledger=other', batch(1100))
  const response = await server.fetch('/v1/export')
  const [size, at] = [response.headers.get('x-trailproof-size'), response.headers.get('x-trailproof-at')]
  const line = (await response.text()).split('\n').find((each) => each.startsWith('{"mark":'))!
  const { mark, shown, withheld, erased, mac } = JSON.parse(line) as Record<string, string>
  const token = [mark, shown, withheld, erased, mac].join('.')
  const status = async (text: string, ledger = 'main') => {
    const path = `/v1/export?ledger=${ledger}&size=${size}&at=${at}&mark=${encodeURIComponent(text)}`
    const { status: code, body } = await server.fetch(path)
    await body?.cancel()
    return code
  }
  for (let i = 0; i < token.length; i++) {
    const other = token[i] === '1' ? '2' : '1'
    expect(await status(token.slice(0, i) + other + token.slice(i + 1)), `character ${i}`).toBe(400)
  }
  expect(await status(token, 'other')).toBe(400)
  expect(await status(token)).toBe(200)
})
