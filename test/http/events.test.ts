import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { type Receipt, testServer } from '../support/test-server.ts'

const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const payment = {
  action: 'payment.created',
  outcome: 'success',
  service: 'payments',
  actor: { type: 'user', id: 'u-1' },
}
const ndjson = { 'content-type': 'application/x-ndjson' }

describe('POST /v1/events', () => {
  test('records one record and gives a receipt that finds it again', async () => {
    const server = await testServer()
    const { status, body } = await server.post('/v1/events', { ...payment, id: ID })
    expect(status).toBe(200)
    expect(body).toMatchObject({ ledger: 'main', recorded: 1, duplicates: 0 })
    expect(body.receipts).toMatchObject([{ id: ID, ledger: 'main', index: 0, status: 'recorded' }])
    const record = await server.get(`/v1/events/${ID}`)
    expect(record).toMatchObject({
      id: ID,
      action: 'payment.created',
      actor: { id: 'u-1' },
      ledger: 'main',
      index: 0,
    })
    expect(record['recorded_at']).toBe(body.receipts[0]!.recorded_at)
  })

  test.each([
    ['a JSON array', JSON.stringify([payment, payment, payment]), {}],
    ['NDJSON', [payment, payment, payment].map((record) => JSON.stringify(record)).join('\n'), ndjson],
    ['NDJSON with empty lines and CRLF', `${JSON.stringify(payment)}\r\n\r\n`.repeat(3), ndjson],
    ['objects one after another', JSON.stringify(payment).repeat(3), {}],
    [
      'a CloudEvents batch',
      JSON.stringify(
        [1, 2, 3].map((id) => ({
          specversion: '1.0',
          id: `e-${id}`,
          source: '/shop',
          type: 'payment.created',
          data: {},
        })),
      ),
      { 'content-type': 'application/cloudevents-batch+json' },
    ],
  ])('records %s', async (_, body, headers) => {
    const server = await testServer()
    const answer = await server.post('/v1/events', body, headers)
    expect(answer.body).toMatchObject({ recorded: 3 })
    expect(answer.body.receipts.map(({ index }) => index)).toEqual([0, 1, 2])
    expect(await server.get('/v1/search?action=payment.created&min_index=2')).toMatchObject({
      records: [{ index: 2 }, { index: 1 }, { index: 0 }],
    })
  })

  test('records a CloudEvent in binary mode, the same one again as a duplicate', async () => {
    const server = await testServer()
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'e-1',
      'ce-source': '/shop',
      'ce-type': 'payment.created',
    }
    const first = await server.post('/v1/events', { amount: 3 }, headers)
    expect(first.body).toMatchObject({ recorded: 1 })
    const structured = {
      specversion: '1.0',
      id: 'e-1',
      source: '/shop',
      type: 'payment.created',
      data: { amount: 3 },
    }
    const again = await server.post('/v1/events', structured, {
      'content-type': 'application/cloudevents+json',
    })
    expect(again.body.receipts[0]!.id).toBe(first.body.receipts[0]!.id)
  })

  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('reads a body compressed with %s', async (encoding, compress) => {
    const server = await testServer()
    const { status, body } = await server.post('/v1/events', compress(JSON.stringify(payment)), {
      'content-encoding': encoding,
    })
    expect({ status, recorded: body['recorded'] }).toEqual({ status: 200, recorded: 1 })
  })

  test('answers the same record again with the same place, whatever the order of its fields', async () => {
    const server = await testServer()
    const first = await server.post('/v1/events', { ...payment, id: ID })
    const reversed = Object.fromEntries(Object.entries({ ...payment, id: ID }).toReversed())
    const again = await server.post('/v1/events', reversed)
    expect(again.status).toBe(200)
    const { status: _, ...place } = first.body.receipts[0]!
    expect(again.body.receipts[0]).toEqual({ ...place, status: 'duplicate' })
    expect((await server.get('/v1/ledgers/main'))['size']).toBe(1)
  })

  test('answers 409 when the id holds other content, and records the attempt once without the content', async () => {
    const server = await testServer()
    await server.post('/v1/events', { ...payment, id: ID })
    for (let tries = 0; tries < 3; tries++) {
      const { status, body } = await server.post('/v1/events', {
        ...payment,
        id: ID,
        outcome: 'failure',
        reason: 'covert',
      })
      expect(status).toBe(409)
      expect(body).toMatchObject({
        type: 'urn:trailproof:problem:conflict',
        receipts: [{ index: 0, status: 'conflict' }],
      })
    }
    expect((await server.get('/v1/ledgers/main'))['size']).toBe(2)
    const { entries } = await server.get<{
      entries: { core: { text: string }; personal: { text: string } }[]
    }>('/v1/ledgers/main/entries?from=1')
    expect(entries[0]!.core.text).toContain('trailproof.conflict')
    expect(entries[0]!.personal.text).toContain(ID)
    expect(JSON.stringify(entries)).not.toContain('covert')
  })

  test('decides about twins within one batch', async () => {
    const server = await testServer()
    const twin = { ...payment, id: ID }
    const { body } = await server.post('/v1/events', [twin, twin, { ...twin, outcome: 'failure' }])
    expect(body.receipts.map(({ status, index }) => [status, index])).toEqual([
      ['recorded', 0],
      ['duplicate', 0],
      ['conflict', 0],
    ])
  })

  test('names records without an id by Idempotency-Key and position', async () => {
    const server = await testServer()
    const headers = { 'idempotency-key': 'order-77' }
    const first = await server.post('/v1/events', [payment, payment], headers)
    const again = await server.post('/v1/events', [payment, payment], headers)
    expect(first.body).toMatchObject({ recorded: 2 })
    expect(again.body).toMatchObject({ recorded: 0, duplicates: 2 })
    expect(again.body.receipts.map(({ id }) => id)).toEqual(first.body.receipts.map(({ id }) => id))
  })

  test('keeps the bad record of a batch in quarantine and records the rest', async () => {
    const server = await testServer()
    const lines = [
      JSON.stringify(payment),
      '{"action":',
      JSON.stringify({ ...payment, action: 'x'.repeat(2000) }),
    ]
    const { status, body } = await server.post('/v1/events', lines.join('\n'), ndjson)
    expect(status).toBe(200)
    expect(body.receipts.map((receipt) => receipt.status)).toEqual(['recorded', 'quarantined', 'quarantined'])
    expect(body.receipts[2]!.problems![0]).toMatchObject({ field: '/action' })
    const { records } = await server.get<{ records: { id: string; source: string }[] }>('/v1/quarantine')
    expect(records.map(({ id }) => id)).toEqual(
      body.receipts.slice(1).map((receipt: Receipt) => receipt.quarantine_id),
    )

    const mended = await server.post(`/v1/quarantine/${records[1]!.id}/replay`, payment)
    expect(mended.body).toMatchObject({ recorded: 1 })
    expect((await server.fetch(`/v1/quarantine/${records[0]!.id}`, { method: 'DELETE' })).status).toBe(204)
    expect(await server.get('/v1/quarantine')).toMatchObject({ total: 0, records: [] })
  })

  test('refuses bad records of a batch when the quarantine is full', async () => {
    const server = await testServer({ quarantine_records_max: 1 })
    const { body } = await server.post('/v1/events', `${JSON.stringify(payment)}\n[]\n"x"`, ndjson)
    expect(body).toMatchObject({ recorded: 1, quarantined: 0, refused: 2 })
  })

  test('gives proofs with the receipts on request', async () => {
    const server = await testServer()
    await server.post(
      '/v1/events',
      Array.from({ length: 300 }, () => payment),
    )
    const { body } = await server.post('/v1/events?receipt=proof', [payment, payment])
    for (const receipt of body.receipts) {
      expect(Buffer.from(receipt.leaf!, 'base64')).toHaveLength(89)
      expect(receipt.proof!.length).toBeGreaterThan(1)
    }
  })

  test('waits for the index on request', async () => {
    const server = await testServer()
    const { body } = await server.post('/v1/events?wait=index', payment)
    expect(body['indexed']).toBe(true)
    expect(await server.get('/v1/search?actor=u-1')).toMatchObject({ records: [{ index: 0 }] })
  })
})

describe('POST /api/log', () => {
  test('takes what old logging clients send', async () => {
    const server = await testServer()
    const { status, body } = await server.post('/api/log', {
      service: 'auth',
      level: 'error',
      message: 'no luck',
    })
    expect(status).toBe(200)
    const record = await server.get(`/v1/events/${String(body['id'])}`)
    expect(record).toMatchObject({ kind: 'log', service: 'auth', severity: 'error', message: 'no luck' })
  })

  test('refuses a line without its three fields', async () => {
    const server = await testServer()
    const { status, body } = await server.post('/api/log', { service: 'auth', message: 'x' })
    expect(status).toBe(400)
    expect(body.detail).toContain('/level')
  })
})
