/** LogEvent, LogEvents and LogStream: records by way of the same accept as every other receiver's. */
import { create } from '@bufbuild/protobuf'
import { type Item, type ParsedBody, READ_LIMITS, type ReadLimits } from '@trailproof/core'
import { uuidv7 } from 'uuidv7'
import {
  type AcceptDeps,
  type Accepted,
  accept,
  type DeniedIngest,
  type IngestRequest,
} from '../../accept.ts'
import { credentialsOf, noteDenial, ProblemError } from '../../api/authorize.ts'
import { problem } from '../../api/problem.ts'
import type { Services } from '../../services.ts'
import { indexReached, noteAccepted, receiptProofs } from '../after-accept.ts'
import { statusOf } from '../receipts.ts'
import { invalidRecord, refusalProblem } from '../refusal-problem.ts'
import { itemOfEvent } from './event-item.ts'
import {
  type AuditEvent,
  AuditService,
  type LogEventsRequest,
  type LogEventsResponse,
  LogEventsResponseSchema,
  LogResponseSchema,
  LogStreamResponseSchema,
  Wait,
} from './gen/audit/v1/audit_pb.ts'
import type { BoundMethod, CallContext, MethodBinder } from './method.ts'
import { receiptMessages } from './receipt-message.ts'

/** Batches of one stream that are dealt with at once: enough that the next commit never waits for the client. */
export const STREAM_BATCHES_IN_FLIGHT_MAX = 8

export function logMethods(bind: MethodBinder, services: Services, deps: AcceptDeps): BoundMethod[] {
  const { logEvent, logEvents, logStream } = AuditService.method

  async function take(request: Omit<IngestRequest, 'credentials'>, context: CallContext): Promise<Accepted> {
    const started = performance.now()
    const onDenied = (denied: DeniedIngest): void => noteDenial(context, services, denied)
    const accepted = await accept({ ...request, onDenied, credentials: credentialsOf(context) }, deps)
    if (accepted.kind !== 'accepted') throw new ProblemError(refusalProblem(accepted))
    services.metrics.observeAck('grpc', (performance.now() - started) / 1000)
    return accepted
  }

  async function takeBatch(request: LogEventsRequest, context: CallContext): Promise<LogEventsResponse> {
    const accepted = await take(
      {
        ledger: request.ledger || context.ledger,
        idempotencyKey: request.idempotencyKey || context.idempotencyKey,
        read: (limits) => batchOf(request.events, limits),
      },
      context,
    )
    const counts = noteAccepted(accepted, uuidv7(), services)
    const proofs = request.proofs ? await receiptProofs(accepted, services) : undefined
    const indexed = request.wait === Wait.INDEX ? await indexReached(accepted, services) : undefined
    const { appended, ledger } = accepted
    return create(LogEventsResponseSchema, {
      ledger: appended?.receipts.ledger ?? ledger.info.name,
      checkpoint: appended?.receipts.checkpoint ?? ledger.checkpoint,
      receipts: receiptMessages(accepted, proofs),
      recorded: counts.recorded,
      duplicates: counts.duplicate,
      conflicts: counts.conflict,
      quarantined: counts.quarantined,
      refused: counts.refused,
      ...(indexed === undefined ? {} : { indexed }),
    })
  }

  return [
    bind.unary(logEvent, 'record', async (event, context) => {
      const accepted = await take(
        {
          ledger: context.ledger,
          idempotencyKey: context.idempotencyKey,
          read: (limits) => ({ ...batchOf([event], limits), single: true }) as ParsedBody,
        },
        context,
      )
      const counts = noteAccepted(accepted, uuidv7(), services)
      const [outcome] = accepted.outcomes
      if (outcome?.kind === 'bad') throw new ProblemError(invalidRecord(outcome.problems))
      if (counts.conflict > 0)
        throw new ProblemError(
          problem('conflict', 'this id was recorded before with other content; the attempt was recorded'),
        )
      const { ledger, checkpoint } = accepted.appended!.receipts
      const [receipt] = receiptMessages(accepted, undefined)
      const status = statusOf(outcome!, accepted.appended)
      return create(LogResponseSchema, { status, id: receipt!.id, ledger, receipt: receipt!, checkpoint })
    }),
    bind.unary(logEvents, 'record', takeBatch),
    bind.exchange(logStream, 'record', STREAM_BATCHES_IN_FLIGHT_MAX, async ({ batchId, batch }, context) => {
      if (!batch) throw new ProblemError(problem('undecodable-body', 'the request has no batch'))
      return create(LogStreamResponseSchema, { batchId, answer: await takeBatch(batch, context) })
    }),
  ]
}

function batchOf(events: readonly AuditEvent[], limits: Partial<ReadLimits>): ParsedBody {
  const resolved = { ...READ_LIMITS, ...limits }
  const { recordsMax } = resolved
  if (events.length === 0)
    return { kind: 'refused', problem: { code: 'empty', message: 'the request holds no event' } }
  if (events.length > recordsMax) {
    const message = `the request holds more than ${recordsMax} records`
    return { kind: 'refused', problem: { code: 'too_many_records', message, limit: recordsMax } }
  }
  const items = events.map((event, position): Item => itemOfEvent(event, position, resolved))
  return { kind: 'records', items, single: false }
}
