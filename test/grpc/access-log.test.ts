/** Reads over gRPC are recorded as reads over HTTP are (test/http/access-log.test.ts). */
import { expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const { logEvent, getEventByID, getEventByResource, search, tail, getProof } = AuditService.method
const ID = '0198319c-2a3d-7abc-8def-0123456789ab'

async function accesses(server: TestServer): Promise<readonly Record<string, unknown>[]> {
  const { size } = await server.get<{ size: number }>('/v1/ledgers/main.access')
  const path = `/v1/search?ledger=main.access&order=oldest&min_index=${size - 1}`
  return (await server.get<{ records: Record<string, unknown>[] }>(path)).records
}

test('every RPC that shows records is recorded before it answers, with who asked what from where', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  await client.call(logEvent, { id: ID, action: 'a.b', resource: 'o-1' })
  await client.call(getEventByID, { id: ID })
  await client.call(getEventByResource, { resource: 'o-1' })
  await client.call(search, { query: 'action:a.b', minIndex: 0n })
  await client.call(search, { query: 'action:a.b', limit: 5 }) // reading on is the same read
  await client.call(getProof, { record: { case: 'index', value: 0n } }) // shows no content
  for await (const { events } of client.read(tail, { query: 'action:a.*', from: 0n }))
    if (events.length > 0) break

  const recorded = await accesses(server)
  const asked = [
    ['access.view', { id: ID }],
    ['access.history', { target: 'o-1' }],
    ['access.search', { q: 'action:a.b', order: 'newest' }],
    ['access.tail', { q: 'action:a.*' }],
  ]
  expect(recorded).toMatchObject(
    asked.map(([action, what]) => ({
      action,
      actor: { id: 'preset' },
      source: { ip: '127.0.0.1' },
      metadata: { ledger: 'main', asked: what },
    })),
  )
  expect(recorded).toHaveLength(asked.length)
  expect(recorded[0]).toMatchObject({ targets: [{ type: 'record', id: ID }] })
})

test('what was not shown was not read; without room nothing is shown', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  await client.call(logEvent, { id: ID, action: 'a.b' })
  await failureOf(client.call(getEventByID, { id: '00000000-0000-7000-8000-000000000000' }))
  await failureOf(client.call(search, { query: 'action:(' }))
  expect((await server.fetch('/v1/ledgers/main.access')).status).toBe(404)

  const full = await server.restart({ disk_reserve_mib: 1_000_000_000 })
  const late = new GrpcClient(full.url)
  const reads = [() => late.call(search, {}), () => late.call(getEventByID, { id: ID }), () => first(late)]
  for (const read of reads)
    expect(await failureOf(read())).toMatchObject({ code: 14, info: { reason: 'DISK_RESERVE' } })
})

async function first(client: GrpcClient): Promise<unknown> {
  for await (const answer of client.read(tail, { from: 0n })) return answer
  return undefined
}
