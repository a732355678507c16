/** GetEventByID, GetEventByResource and GetProof. */
import { create } from '@bufbuild/protobuf'
import { decodeUuid, foreignRecordId, formatTlogProof } from '@trailproof/core'
import { seenRecord } from '../../access/seen-record.ts'
import { ProblemError, type Reader, readerOf } from '../../api/authorize.ts'
import { problem } from '../../api/problem.ts'
import { assertSeen, withinSight } from '../../api/sighted-query.ts'
import type { LedgerView } from '../../ledger/ledger-table.ts'
import { sha256 } from '../../process/sha256.ts'
import { entryFilter } from '../../search/entry-filter.ts'
import { findPage } from '../../search/find.ts'
import type { Services } from '../../services.ts'
import { AuditService, GetProofResponseSchema, ListResponseSchema } from './gen/audit/v1/audit_pb.ts'
import type { BoundMethod, MethodBinder } from './method.ts'
import { eventOfRecord } from './record-event.ts'
import { recordRead } from './record-read.ts'
import { pageSize } from './search.ts'

/** What an old client is given at once, which knows no cursor. */
const LIST_EVENTS_MAX = 1000
/** Of a target's id; no record has a longer one. */
const TARGET_CHARS_MAX = 512

/** The same of a record that is not there, and of one that is not there for the caller. */
function noRecord({ info }: LedgerView, id: string): ProblemError {
  return new ProblemError(problem('not-found', `ledger ${info.name} has no record ${id.slice(0, 100)}`))
}

export function readMethods(bind: MethodBinder, services: Services): BoundMethod[] {
  const { reader } = services
  const { getEventByID, getEventByResource, getProof } = AuditService.method

  /** The index of a record by its UUID, or by the id that the old message carried, which names no service. */
  async function indexOf(asking: Reader, id: string): Promise<number> {
    const { view } = asking
    const { name, idKey } = view.info
    const uuid = decodeUuid(id.toLowerCase())
    // A foreign id is personal data: that a record has it is an answer, too.
    if (!uuid) assertSeen(['source_id'], asking)
    const index = await reader.find(
      name,
      uuid ?? decodeUuid(foreignRecordId(sha256, idKey, { protocol: 'trailproof', source: '', id }))!,
    )
    // What is committed but not yet locked was not acknowledged, and is not shown.
    if (index === undefined || index >= view.size) throw noRecord(view, id)
    return index
  }

  return [
    bind.unary(getEventByID, 'read', async ({ id, ledger }, context) => {
      const asking = readerOf(context, ledger || context.ledger, services)
      const { view, sight } = asking
      const [entry] = await reader.entriesAt(view.info.name, [await indexOf(asking, id)])
      if (!entryFilter(sight.rows, services.now())(entry!)) throw noRecord(view, id)
      await recordRead(context, services, { action: 'view', target: { type: 'record', id }, asked: { id } })
      return eventOfRecord(seenRecord(view.info.name, entry!, sight))
    }),
    bind.unary(getEventByResource, 'read', async ({ resource, ledger, limit, cursor }, context) => {
      const asking = readerOf(context, ledger || context.ledger, services)
      const { caller, view, sight } = asking
      if (resource === '') throw new ProblemError(problem('bad-request', 'resource: a value is missing'))
      const page = await findPage(services, {
        view,
        sight,
        callerId: caller.id,
        filter: withinSight(
          { kind: 'field', field: 'target', test: { op: 'equals', value: resource } },
          asking,
        ),
        scope: JSON.stringify(['resource', resource]),
        order: 'newest',
        limit: pageSize(limit, LIST_EVENTS_MAX),
        ...(cursor !== '' && { cursor }),
        // An old client expects to find at once what it has just been told is recorded.
        ...(view.size > 0 && { minIndex: view.size - 1 }),
      })
      await recordRead(context, services, {
        action: 'history',
        asked: { target: resource.slice(0, TARGET_CHARS_MAX) },
      })
      return create(ListResponseSchema, { events: page.records.map(eventOfRecord), next: page.next ?? '' })
    }),
    bind.unary(getProof, 'prove', async ({ ledger, record }, context) => {
      const asking = readerOf(context, ledger || context.ledger, services, 'prove')
      const { view, sight } = asking
      const { info, checkpoint, size } = view
      const index = record.case === 'index' ? Number(record.value) : await indexOf(asking, record.value ?? '')
      const [entry] =
        index < size && sight.rows !== undefined ? await reader.entriesAt(info.name, [index]) : []
      if (index >= size || (entry && !entryFilter(sight.rows, services.now())(entry)))
        throw record.case === 'index'
          ? new ProblemError(
              problem('not-found', `ledger ${info.name} has ${size} entries, none at ${index}`),
            )
          : noRecord(view, record.value ?? '')
      const [leaf, proof] = await Promise.all([
        reader.leaves(info.name, index, 1),
        reader.inclusion(info.name, index, size),
      ])
      return create(GetProofResponseSchema, {
        index: BigInt(index),
        leaf,
        proof: formatTlogProof({ index, proof, checkpoint }),
      })
    }),
  ]
}
