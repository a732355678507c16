/** What is said of requests that a route's schema does not allow. */
import { expect, test } from 'vitest'
import { testServer } from '../support/test-server.ts'

const GET: readonly [path: string, detail: string][] = [
  ['/v1/search?order=x', 'order: one of newest, oldest, not x'],
  ['/v1/search?order=', 'order: one of newest, oldest, not an empty text'],
  ['/v1/export?format=xml', 'format: one of ndjson, csv, ocsf, not xml'],
  ['/v1/search?limit=0', 'limit: must be >= 1'],
  ['/v1/search?limit=many', 'limit: must be integer'],
  ['/v1/search?odrer=x', 'there is no parameter odrer here; did you mean order?'],
  ['/v1/events/nope', 'nope is not a UUID; a foreign id is found with source_id:nope'],
  ['/v1/events/a%20b', 'a b is not a UUID; a foreign id is found with source_id:"a b"'],
]

const POST: readonly [path: string, body: unknown, detail: string][] = [
  ['/v1/search', { q: 5 }, 'q: must be string'],
  ['/v1/search', { limit: '5' }, 'limit: must be integer'],
  ['/v1/search', { count: 'true' }, 'count: must be boolean'],
  ['/v1/search', { q: null }, 'q: must be string'],
  ['/v1/search', { order: 'x' }, 'order: one of newest, oldest, not x'],
  ['/v1/keys', { name: 'k', scopes: 'read' }, 'scopes: must be array'],
  ['/v1/keys', { name: 'k', scopes: ['read', 'root'] }, 'scopes/1: one of ingest, read, admin, not root'],
  ['/v1/keys', { name: 7, scopes: ['read'] }, 'name: must be string'],
  ['/v1/keys', { name: 'k', scopes: ['read'], ledger: null }, 'ledger: must be string'],
  ['/v1/keys', { scopes: ['read'] }, 'name: is missing'],
  ['/v1/ledgers', { name: 5 }, 'name: must be string'],
]

test('names the parameter and what it takes', async () => {
  const server = await testServer()
  for (const [path, detail] of GET) {
    const response = await server.fetch(path)
    expect.soft(response.status, path).toBe(400)
    expect.soft(await response.json(), path).toMatchObject({ detail })
  }
})

test('types of JSON members are not guessed, those of parameters are', async () => {
  const server = await testServer()
  for (const [path, body, detail] of POST)
    expect.soft(await server.post(path, body), path).toMatchObject({ status: 400, body: { detail } })
  expect((await server.post('/v1/search', { q: 'a', limit: 5, count: true })).status).toBe(200)
  expect((await server.post('/v1/search', {})).status).toBe(200)
  expect((await server.fetch('/v1/search?limit=5&count=true')).status).toBe(200)
})
