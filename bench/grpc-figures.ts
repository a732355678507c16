/** Ingest over gRPC: batches on a few connections, and single records with sixteen calls in flight. */
import { create, toBinary } from '@bufbuild/protobuf'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import {
  AuditEventSchema,
  LogEventsRequestSchema,
  Outcome,
} from '../packages/server/src/receivers/grpc/gen/audit/v1/audit_pb.ts'
import { type BenchServer, TOKEN } from './bench-server.ts'
import type { Figure } from './budgets.ts'
import { untilIndexed } from './figures.ts'
import { percentile } from './http-load.ts'
import { type SampleRecord, sampleRecords } from './sample-records.ts'

const CONNECTIONS = 8
const BATCH = 100
const BATCHES_IN_FLIGHT = 32
const SINGLES_IN_FLIGHT = 16
const OUTCOMES: Readonly<Record<string, Outcome>> = {
  success: Outcome.SUCCESS,
  failure: Outcome.FAILURE,
  denied: Outcome.DENIED,
}
let seed = 1_000_000

export async function measureGrpc(server: BenchServer): Promise<Partial<Record<Figure, number>>> {
  const logEvents = '/audit.v1.AuditService/LogEvents'
  // The first calls compile the hot path; they are not what is asked for.
  await runCalls(server.port, logEvents, batches(20_000), BATCHES_IN_FLIGHT)
  await untilIndexed(server)
  const records = 200_000
  const many = await runCalls(server.port, logEvents, batches(records), BATCHES_IN_FLIGHT)
  await untilIndexed(server)
  const singles = events(20_000).map((event) => toBinary(AuditEventSchema, event))
  const few = await runCalls(server.port, '/audit.v1.AuditService/LogEvent', singles, SINGLES_IN_FLIGHT)
  await untilIndexed(server)
  return {
    'grpc.batch': records / many.seconds,
    'grpc.p50': percentile(few.latenciesMs, 0.5),
    'grpc.p99': percentile(few.latenciesMs, 0.99),
  }
}

function batches(count: number): Uint8Array[] {
  const all = events(count)
  return Array.from({ length: count / BATCH }, (_, i) =>
    toBinary(
      LogEventsRequestSchema,
      create(LogEventsRequestSchema, { events: all.slice(i * BATCH, (i + 1) * BATCH) }),
    ),
  )
}

/** The sample records as their producers would send them over gRPC. */
function events(count: number) {
  return sampleRecords(count, seed++).map((record: SampleRecord) => {
    const { id, timestamp, service, environment, action, outcome, trace_id } = record as Record<
      string,
      string
    >
    const { actor, targets, source, metadata } = record as {
      actor: { type: string; id: string; name: string; roles: string[] }
      targets: { type: string; id: string }[]
      source: { ip: string; user_agent: string }
      metadata: object
    }
    return create(AuditEventSchema, {
      id: id!,
      action: action!,
      service: service!,
      environment: environment!,
      outcome: OUTCOMES[outcome!]!,
      traceId: trace_id!,
      timestamp: timestampOf(timestamp!),
      actorDetails: actor,
      targets,
      source: { ip: source.ip, userAgent: source.user_agent },
      metadataJson: JSON.stringify(metadata),
    })
  })
}

function timestampOf(text: string) {
  const ms = Date.parse(text)
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 }
}

/** Makes all calls, `inFlight` at a time over several connections; rejects with the first that fails. */
async function runCalls(
  port: number,
  path: string,
  requests: readonly Uint8Array[],
  inFlight: number,
): Promise<{ seconds: number; latenciesMs: Float64Array }> {
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${TOKEN}`)
  const clients = Array.from(
    { length: CONNECTIONS },
    () =>
      new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
        'grpc.max_receive_message_length': -1,
      }),
  )
  const latenciesMs = new Float64Array(requests.length)
  let next = 0
  const drive = async (client: Client): Promise<void> => {
    for (let i = next++; i < requests.length; i = next++) {
      const started = performance.now()
      await call(client, path, requests[i]!, metadata)
      latenciesMs[i] = performance.now() - started
    }
  }
  try {
    const started = performance.now()
    await Promise.all(Array.from({ length: inFlight }, (_, i) => drive(clients[i % CONNECTIONS]!)))
    const seconds = (performance.now() - started) / 1000
    return { seconds, latenciesMs: latenciesMs.toSorted() }
  } finally {
    for (const client of clients) client.close()
  }
}

function call(client: Client, path: string, request: Uint8Array, metadata: Metadata): Promise<unknown> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      (bytes: Buffer) => bytes,
      request,
      metadata,
      (error, answer) => (error ? reject(error) : resolve(answer)),
    )
  })
}
