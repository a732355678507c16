import { cpSync, rmSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { succeedLedger } from '@trailproof/server'
import { expect, test } from 'vitest'
import { exported, ingest, serverWith, verifierKey, verify } from '../support/export.ts'
import { ADMIN_TOKEN, type TestServer, testServer } from '../support/test-server.ts'

async function erase(server: TestServer, ...ids: readonly (string | undefined)[]): Promise<void> {
  const body = { ids, authority: 'GDPR Art. 17', reason: 'asked' }
  expect((await server.post('/v1/erasures', body)).status).toBe(200)
}

test('many erasures, while records come in, are told in an export of any range and query', async () => {
  const server = await testServer()
  const ids = await ingest(server, 100)
  for (let i = 0; i < 20; i++) {
    await erase(server, ids[i * 5], ids[i * 5 + 1])
    await ingest(server, 3, 100 + i * 3)
  }
  const keys = [await verifierKey(server)]
  for (const query of ['', '?to_index=100&size=100', '?from_index=10&to_index=60', '?action=order.placed']) {
    const report = await verify(await exported(server, query), keys)
    expect(report, query).toMatchObject({ verdict: 'erased', badCount: 0, unproven: [] })
    const erased = report.erasedRanges.reduce((sum, { from, to }) => sum + to - from, 0)
    expect(erased).toBe(report.erased)
  }
  const actor = await verify(await exported(server, '?actor=u-0'), keys)
  expect(actor).toMatchObject({ verdict: 'intact', shown: 12 })
})

test('what is erased while it is exported is told behind the range', async () => {
  const server = await serverWith(30_000)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    get(`${server.url}/v1/export`, { headers, agent: false }, resolve).on('error', reject)
  })
  const { records } = await server.get<{ records: { id: string; index: number }[] }>(
    '/v1/search?min_index=29999&limit=1',
  )
  await erase(server, records[0]!.id)
  const pieces: Buffer[] = []
  for await (const piece of response) pieces.push(piece as Buffer)
  expect(await verify(Buffer.concat(pieces), [await verifierKey(server)])).toMatchObject({
    verdict: 'erased',
    size: 30_000,
    erasedRanges: [{ from: 29_999, to: 30_000, erasedBy: 30_000 }],
  })
})

test('a saved search chooses what is shown, and stands in the export as what it says', async () => {
  const server = await serverWith(30)
  const saved = await server.fetch('/v1/saved/payments', {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'action:payment.*' }),
  })
  expect(saved.ok).toBe(true)
  const report = await verify(await exported(server, '?q=$payments'), [await verifierKey(server)])
  expect(report).toMatchObject({ verdict: 'intact', query: 'action:payment.*', shown: 10, withheld: 20 })
})

test('a ledger that was closed is exported as it was found, and so is its successor', async () => {
  const server = await serverWith(2000)
  await server.running.stop()
  cpSync(server.data, `${server.data}-yesterday`, { recursive: true })
  const today = await server.restart()
  await ingest(today, 10, 2000)
  await today.running.stop()
  rmSync(server.data, { recursive: true })
  cpSync(`${server.data}-yesterday`, server.data, { recursive: true })
  await succeedLedger(server, 'main', 'restored')
  const restored = await today.restart()
  const old = await exported(restored, '?ledger=main')
  expect(await verify(old, [await verifierKey(restored)])).toMatchObject({ verdict: 'intact', shown: 2000 })
  const successor = await exported(restored, '?ledger=main-2')
  expect(await verify(successor, [await verifierKey(restored, 'main-2')])).toMatchObject({
    verdict: 'intact',
    shown: 1,
  })
})
