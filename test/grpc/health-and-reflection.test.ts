/** What tools ask a gRPC server: is it well, and what does it serve. */
import { once } from 'node:events'
import {
  create,
  createFileRegistry,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect, test } from 'vitest'
import { AuditService } from '../../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import {
  Health,
  HealthCheckResponse_ServingStatus as Serving,
} from '../../packages/server/src/receivers/grpc/gen/grpc/health/v1/health_pb.ts'
import {
  ServerReflection,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from '../../packages/server/src/receivers/grpc/gen/grpc/reflection/v1/reflection_pb.ts'
import { failureOf, GrpcClient } from '../support/grpc-client.ts'
import { testServer } from '../support/test-server.ts'

const { check, watch } = Health.method
type Question = MessageInitShape<typeof ServerReflectionRequestSchema>
type Answer = MessageShape<typeof ServerReflectionResponseSchema>

test('health needs no key, and follows what the server can take', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url, { token: '' })
  for (const service of ['', AuditService.typeName, Health.typeName])
    expect((await client.call(check, { service })).status).toBe(Serving.SERVING)
  expect(await failureOf(client.call(check, { service: 'nobody' }))).toMatchObject({ code: 5 })

  const watching = client.read(watch, {})
  expect((await watching.next()).value).toMatchObject({ status: Serving.SERVING })
  const unknown = client.read(watch, { service: 'nobody' })
  expect((await unknown.next()).value).toMatchObject({ status: Serving.SERVICE_UNKNOWN })
  await unknown.return()
  server.running.services.admission.stop()
  expect((await watching.next()).value).toMatchObject({ status: Serving.NOT_SERVING })
})

async function ask(client: GrpcClient, questions: readonly Question[]): Promise<Answer['messageResponse'][]> {
  const stream = client.open(ServerReflection.method.serverReflectionInfo)
  const answers: Answer['messageResponse'][] = []
  stream.on('data', (bytes: Uint8Array) =>
    answers.push(fromBinary(ServerReflectionResponseSchema, bytes).messageResponse),
  )
  for (const question of questions)
    stream.write(toBinary(ServerReflectionRequestSchema, create(ServerReflectionRequestSchema, question)))
  stream.end()
  await once(stream, 'end')
  return answers
}

test('reflection describes every service, with all that its files import', async () => {
  const server = await testServer()
  const client = new GrpcClient(server.url, { token: '' })
  const [list] = await ask(client, [{ messageRequest: { case: 'listServices', value: '' } }])
  const services = list?.case === 'listServicesResponse' ? list.value.service.map(({ name }) => name) : []
  expect(services).toEqual([AuditService.typeName, Health.typeName, ServerReflection.typeName])
  const answers = await ask(
    client,
    [...services, 'audit.v1.AuditEvent', 'audit.v1.AuditService.LogEvent', 'google.rpc.RetryInfo'].map(
      (value) => ({
        messageRequest: { case: 'fileContainingSymbol', value },
      }),
    ),
  )
  for (const answer of answers) {
    if (answer.case !== 'fileDescriptorResponse') throw new Error(`no file but ${answer.case}`)
    const file = answer.value.fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes))
    // The registry refuses files whose imports are missing.
    createFileRegistry(create(FileDescriptorSetSchema, { file: file.toReversed() }))
  }
  const described =
    answers[0]?.case === 'fileDescriptorResponse' ? answers[0].value.fileDescriptorProto[0]! : undefined
  expect(
    fromBinary(FileDescriptorProtoSchema, described!).service[0]!.method.map(({ name }) => name),
  ).toEqual(AuditService.methods.map(({ name }) => name))
})

test('reflection says what it does not know', async () => {
  const server = await testServer()
  const answers = await ask(new GrpcClient(server.url), [
    { messageRequest: { case: 'fileContainingSymbol', value: 'nobody' } },
    { messageRequest: { case: 'fileByFilename', value: '../../etc/passwd' } },
    {
      messageRequest: {
        case: 'fileContainingExtension',
        value: { containingType: 'audit.v1.AuditEvent', extensionNumber: 100 },
      },
    },
    {},
  ])
  expect(answers.map((answer) => (answer.case === 'errorResponse' ? answer.value.errorCode : -1))).toEqual([
    5, 5, 5, 3,
  ])
})
