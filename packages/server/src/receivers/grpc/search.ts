/** Search: the query of `/v1/search`, a page at a time. */
import { create } from '@bufbuild/protobuf'
import { ProblemError, readerOf } from '../../api/authorize.ts'
import { problem } from '../../api/problem.ts'
import { filterOnly } from '../../api/query-parameters.ts'
import { askedBy } from '../../api/sighted-query.ts'
import { findPage } from '../../search/find.ts'
import type { Services } from '../../services.ts'
import { AuditService, Order, SearchResponseSchema } from './gen/audit/v1/audit_pb.ts'
import type { BoundMethod, MethodBinder } from './method.ts'
import { eventOfRecord } from './record-event.ts'
import { recordRead } from './record-read.ts'

const SEARCH_EVENTS_MAX = 1000
const SEARCH_EVENTS_DEFAULT = 100

export function searchMethods(bind: MethodBinder, services: Services): BoundMethod[] {
  return [
    bind.unary(AuditService.method.search, 'read', async (request, context) => {
      const reader = readerOf(context, request.ledger || context.ledger, services)
      const { caller, view, sight } = reader
      const { cursor, minIndex } = request
      const order = request.order === Order.OLDEST_FIRST ? 'oldest' : 'newest'
      const asked = askedBy(reader, { q: request.query }, services)
      const filter = filterOnly(asked, 'Search, which answers whole records in ledger order,')
      const page = await findPage(services, {
        view,
        sight,
        callerId: caller.id,
        filter,
        scope: asked.scope,
        order,
        limit: pageSize(request.limit, SEARCH_EVENTS_DEFAULT),
        ...(cursor !== '' && { cursor }),
        ...(minIndex !== undefined && { minIndex: Number(minIndex) }),
      })
      await recordRead(context, services, { action: 'search', asked: { q: request.query, order } })
      return create(SearchResponseSchema, {
        events: page.records.map(eventOfRecord),
        next: page.next ?? '',
        complete: page.next === undefined,
        indexedSize: BigInt(page.indexedSize),
        size: BigInt(view.size),
      })
    }),
  ]
}

/** 0, which is also what was not said, asks for `otherwise`. */
export function pageSize(limit: number, otherwise: number): number {
  if (limit > SEARCH_EVENTS_MAX)
    throw new ProblemError(problem('bad-request', `limit: at most ${SEARCH_EVENTS_MAX}, got ${limit}`))
  return limit === 0 ? otherwise : limit
}
