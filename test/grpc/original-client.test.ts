/** The three RPCs as their first clients call them: the bytes are written by hand, field number by field number. */
import { fromBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { expect, test } from 'vitest'
import {
  AuditEventSchema,
  ListResponseSchema,
  LogResponseSchema,
} from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { GrpcClient } from '../support/grpc-client.ts'
import { testServer } from '../support/test-server.ts'

const SERVICES = ['audit.v1.AuditService', 'proto.AuditService']

function text(writer: BinaryWriter, field: number, value: string): BinaryWriter {
  return writer.tag(field, WireType.LengthDelimited).string(value)
}

/** AuditEvent as it was: id 1, timestamp 2, actor 3, action 4, resource 5, metadata 6. */
function oldEvent(id: string): Uint8Array {
  const writer = text(new BinaryWriter(), 1, id)
  writer.tag(2, WireType.LengthDelimited).fork()
  writer.tag(1, WireType.Varint).int64(1_753_178_400).tag(2, WireType.Varint).int32(123_000_000).join()
  text(text(text(writer, 3, 'u-1'), 4, 'payment.created'), 5, 'order/42')
  for (const [key, value] of [
    ['currency', 'EUR'],
    ['note', 'ü'],
  ] as const)
    text(text(writer.tag(6, WireType.LengthDelimited).fork(), 1, key), 2, value).join()
  return writer.finish()
}

test.each(SERVICES)('%s takes what an old client sends, and gives it back', async (service) => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  const id = '0198319c-2a3d-7abc-8def-0123456789ab'
  const logged = fromBinary(LogResponseSchema, await client.raw(`/${service}/LogEvent`, oldEvent(id)))
  expect(logged).toMatchObject({ status: 'recorded', id })
  const again = fromBinary(LogResponseSchema, await client.raw(`/${service}/LogEvent`, oldEvent(id)))
  expect(again).toMatchObject({ status: 'duplicate', id })

  const fields = {
    id,
    timestamp: { seconds: 1_753_178_400n, nanos: 123_000_000 },
    actor: 'u-1',
    action: 'payment.created',
    resource: 'order/42',
    metadata: { currency: 'EUR', note: 'ü' },
  }
  const byId = await client.raw(`/${service}/GetEventByID`, text(new BinaryWriter(), 1, id).finish())
  expect(fromBinary(AuditEventSchema, byId)).toMatchObject(fields)
  const byResource = await client.raw(
    `/${service}/GetEventByResource`,
    text(new BinaryWriter(), 1, 'order/42').finish(),
  )
  expect(fromBinary(ListResponseSchema, byResource).events).toMatchObject([fields])

  // The same record is what HTTP has always said of it.
  expect(await server.get(`/v1/events/${id}`)).toMatchObject({
    timestamp: '2025-07-22T10:00:00.123Z',
    action: 'payment.created',
    actor: { id: 'u-1' },
    targets: [{ id: 'order/42' }],
    metadata: { currency: 'EUR', note: 'ü' },
  })
})

test('finds a record by an id that is not a UUID, as it was sent', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url)
  const logged = fromBinary(
    LogResponseSchema,
    await client.raw('/proto.AuditService/LogEvent', oldEvent('evt-17')),
  )
  const found = await client.raw(
    '/proto.AuditService/GetEventByID',
    text(new BinaryWriter(), 1, 'evt-17').finish(),
  )
  expect(fromBinary(AuditEventSchema, found)).toMatchObject({ id: logged.id, entry: { sourceId: 'evt-17' } })
})

test('the old name has the old methods only', async () => {
  const server = await testServer()
  await expect(
    new GrpcClient(server.url).raw('/proto.AuditService/Search', new Uint8Array()),
  ).rejects.toMatchObject({ code: 12 })
})
