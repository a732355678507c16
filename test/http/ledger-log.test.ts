import {
  decodeEntryBundle,
  parsePolicy,
  parseVerifierKey,
  tilePath,
  tilesForSize,
  type VerifierKey,
} from '@trailproof/core'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import {
  type EvidenceEntry,
  type EvidenceGroup,
  type EvidenceSource,
  verifyLedger,
  verifyReceipt,
  verifyTlogProof,
} from '@trailproof/verify'
import { expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'

const records = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ action: 'order.placed', actor: { id: `u-${n}` } }))

async function bytes(server: TestServer, path: string): Promise<Uint8Array> {
  const response = await server.fetch(path)
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

async function keyOf(server: TestServer): Promise<VerifierKey> {
  const { verifier_keys } = await server.get<{ verifier_keys: string[] }>('/v1/ledgers/main')
  const parsed = parseVerifierKey(verifier_keys[0]!, sha256)
  if (parsed.kind === 'problem') throw new Error(parsed.problem)
  return parsed.key
}

function groupOf(value: { text?: string; salt?: string; erased?: true; withheld?: true }): EvidenceGroup {
  if (value.erased) return { kind: 'erased' }
  if (value.withheld) return { kind: 'withheld' }
  return { kind: 'present', bytes: Buffer.from(value.text!), salt: Buffer.from(value.salt!, 'base64') }
}

/** The server as a stranger sees it: over HTTP alone. */
function httpSource(server: TestServer, personal = true): EvidenceSource {
  return {
    checkpoint: async () => (await server.fetch('/ledgers/main/checkpoint')).text(),
    readTile: (level, index, width) => bytes(server, `/ledgers/main/${tilePath(level, index, width)}`),
    async readEntries(from, count) {
      const { entries } = await server.get<{ entries: { leaf: string; core: object; personal: object }[] }>(
        `/v1/ledgers/main/entries?from=${from}&count=${Math.min(count, 1024)}&personal=${personal}`,
      )
      return entries.map(
        ({ leaf, core, personal: content }): EvidenceEntry => ({
          leaf: Buffer.from(leaf, 'base64'),
          core: groupOf(core),
          personal: groupOf(content),
        }),
      )
    },
  }
}

test.each([1, 255, 256, 257, 700])('a ledger of %i entries verifies over HTTP', async (size) => {
  const server = await testServer()
  await server.post('/v1/events', records(size))
  const again = await server.restart()
  const report = await verifyLedger(httpSource(again), {
    verifierKeys: [await keyOf(again)],
    sha256,
    verifyEd25519,
  })
  expect(report).toMatchObject({ verdict: 'intact', size })
})

test('serves every tile up to the head, also after a restart, and no other', async () => {
  const server = await testServer()
  await server.post('/v1/events', records(600))
  const again = await server.restart()
  for (const { level, index, width } of tilesForSize(600))
    expect((await bytes(again, `/ledgers/main/${tilePath(level, index, width)}`)).length).toBe(32 * width)
  const bundle = decodeEntryBundle(await bytes(again, '/ledgers/main/tile/entries/002.p/88'), 88)
  expect(bundle).toMatchObject({ entries: Array.from({ length: 88 }, () => ({ length: 89 })) })
  for (const path of [
    'tile/0/002',
    'tile/0/002.p/89',
    'tile/0/003.p/1',
    'tile/2/000.p/1',
    'tile/entries/002',
  ])
    expect((await again.fetch(`/ledgers/main/${path}`)).status, path).toBe(404)
  for (const path of ['tile/0/2', 'tile/x/000', 'tile/0/000.p/0', 'tile/0/000.p/257', 'tile/64/000'])
    expect((await again.fetch(`/ledgers/main/${path}`)).status, path).toBe(400)
})

test('receipts with proofs convince without the server', async () => {
  const server = await testServer()
  await server.post('/v1/events', records(300))
  const { body } = await server.post('/v1/events?receipt=proof', records(5))
  const key = await keyOf(server)
  for (const receipt of body.receipts) {
    const options = { checkpoint: body.checkpoint, verifierKeys: [key], sha256, verifyEd25519 }
    expect((await verifyReceipt(receipt, options)).verdict).toBe('intact')
    const moved = { ...receipt, index: receipt.index - 1 }
    expect((await verifyReceipt(moved, options)).verdict).toBe('broken')
  }
})

test('an entry has a tlog-proof that any C2SP verifier can check', async () => {
  const server = await testServer()
  await server.post('/v1/events', records(300))
  const { leaf } = await server.get<{ leaf: string }>('/v1/ledgers/main/entries/123')
  const proof = await (await server.fetch('/v1/ledgers/main/entries/123/proof')).text()
  const { verifier_keys } = await server.get<{ verifier_keys: string[] }>('/v1/ledgers/main')
  const policy = parsePolicy(`log ${verifier_keys[0]}\nquorum none\n`, sha256)
  if (policy.kind === 'problem') throw new Error(policy.problem)
  const judged = verifyTlogProof(proof, Buffer.from(leaf, 'base64'), policy.policy, sha256, verifyEd25519)
  expect(judged).toMatchObject({ kind: 'included', index: 123 })
})

test('withheld personal groups make the verdict unproven, not broken', async () => {
  const server = await testServer()
  await server.post('/v1/events', records(10))
  const again = await server.restart()
  const report = await verifyLedger(httpSource(again, false), {
    verifierKeys: [await keyOf(again)],
    sha256,
    verifyEd25519,
  })
  expect(report.verdict).toBe('unproven')
  expect(JSON.stringify(report.unproven)).toContain('personal')
})

test('erases the personal group of a record for ever, and verifies as erased by that entry', async () => {
  const server = await testServer()
  const secret = 'a-very-personal-detail'
  await server.post('/v1/events?wait=index', [
    ...records(300),
    { action: 'x.y', actor: { id: secret }, id: '01890a5d-ac96-774b-bcce-b302099a8057' },
  ])
  const { status, body } = await server.post('/v1/erasures', {
    ids: ['01890a5d-ac96-774b-bcce-b302099a8057'],
    authority: 'GDPR Art. 17',
    reason: 'request 4711',
  })
  expect(status).toBe(200)
  expect(body).toMatchObject({ erasure_index: 301 })
  expect(await server.get('/v1/events/01890a5d-ac96-774b-bcce-b302099a8057')).toMatchObject({
    action: 'x.y',
    erased: ['personal'],
  })
  expect(await server.get(`/v1/search?actor=${secret}`)).toMatchObject({ records: [] })
  expect(await server.get('/v1/search?action=x.y')).toMatchObject({ records: [{ index: 300 }] })

  const again = await server.restart()
  const report = await verifyLedger(httpSource(again), {
    verifierKeys: [await keyOf(again)],
    sha256,
    verifyEd25519,
  })
  expect(report).toMatchObject({
    verdict: 'erased',
    erased: [{ from: 300, to: 301, authority: 'GDPR Art. 17' }],
  })
  const twice = await again.post('/v1/events', {
    action: 'x.y',
    actor: { id: 'other' },
    id: '01890a5d-ac96-774b-bcce-b302099a8057',
  })
  expect(twice.body.receipts[0]).toMatchObject({ status: 'duplicate', index: 300 })
})

test('the record of an erasure cannot be erased, nor what does not exist', async () => {
  const server = await testServer()
  const { body } = await server.post('/v1/events', records(1))
  const facts = { authority: 'a', reason: 'r' }
  await server.post('/v1/erasures', { ids: [body.receipts[0]!.id], ...facts })
  const { entries } = await server.get<{ entries: { core: { text: string } }[] }>(
    '/v1/ledgers/main/entries?from=1',
  )
  const { id } = JSON.parse(entries[0]!.core.text) as { id: string }
  expect((await server.post('/v1/erasures', { ids: [id], ...facts })).status).toBe(409)
  expect(
    (await server.post('/v1/erasures', { ids: ['01890a5d-ac96-774b-bcce-b302099a8057'], ...facts })).status,
  ).toBe(404)
})

test('leaves and tiles are open to all when the log is public, content never', async () => {
  const server = await testServer({ public_log: true })
  await server.post('/v1/events', records(3))
  expect((await server.fetch('/ledgers/main/tile/entries/000.p/3', { token: '' })).status).toBe(200)
  expect((await server.fetch('/v1/ledgers/main/entries', { token: '' })).status).toBe(401)
})

test('a consistency proof shows that the ledger only grew', async () => {
  const server = await testServer()
  await server.post('/v1/events', records(5))
  await server.post('/v1/events', records(7))
  expect(await server.get('/v1/ledgers/main/consistency?first=5')).toMatchObject({ first: 5, second: 12 })
  expect((await server.fetch('/v1/ledgers/main/consistency?first=13')).status).toBe(400)
})
