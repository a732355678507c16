/** Tail: records as they are recorded. The client's flow control holds the reading up; nothing is left out. */
import { create } from '@bufbuild/protobuf'
import { seenRecord } from '../../access/seen-record.ts'
import { readerOf } from '../../api/authorize.ts'
import { assertReached, followLedger } from '../../api/follow-ledger.ts'
import { filterOnly } from '../../api/query-parameters.ts'
import { askedBy } from '../../api/sighted-query.ts'
import { entryFilter } from '../../search/entry-filter.ts'
import type { Services } from '../../services.ts'
import {
  AuditService,
  type TailRequest,
  type TailResponse,
  TailResponseSchema,
} from './gen/audit/v1/audit_pb.ts'
import type { BoundMethod, CallContext, MethodBinder } from './method.ts'
import { eventOfRecord } from './record-event.ts'
import { recordRead } from './record-read.ts'

export function tailMethods(bind: MethodBinder, services: Services): BoundMethod[] {
  async function* follow(request: TailRequest, context: CallContext): AsyncGenerator<TailResponse, void> {
    const reader = readerOf(context, request.ledger || context.ledger, services)
    const { view, sight } = reader
    const filter = filterOnly(askedBy(reader, { q: request.query }, services), 'Tail')
    const matches = entryFilter(filter, services.now())
    const from = request.from === undefined ? view.size : Number(request.from)
    assertReached(from, view)
    using session = services.tails.open()
    await recordRead(context, services, { action: 'tail', asked: { q: request.query } })
    const signal = AbortSignal.any([session.signal, context.signal])
    const { name } = view.info
    for await (const { entries, next } of followLedger(view, from, signal, services))
      yield create(TailResponseSchema, {
        events: entries.filter(matches).map((entry) => eventOfRecord(seenRecord(name, entry, sight))),
        next: BigInt(next),
        size: BigInt(view.size),
      })
  }
  return [bind.serverStream(AuditService.method.tail, 'read', follow)]
}
