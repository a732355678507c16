/** Queries as a reader may ask them: about nothing that they do not see, among the records that are there for them. */
import { allOf, type Filter, type Pipe } from '@trailproof/core/query'
import { FREE_TEXT, fieldsIn, unseenIn } from '../access/askable.ts'
import type { Services } from '../services.ts'
import { deny, type Reader } from './authorize.ts'
import { type AskedQuery, type QueryParameters, queryOf } from './query-parameters.ts'

/** The query of a request. Throws the problem that names a field which the reader does not see. */
export function askedBy(
  reader: Reader,
  parameters: QueryParameters,
  { saved }: Pick<Services, 'saved'>,
): AskedQuery {
  const isViewer = reader.caller.subject.kind === 'viewer'
  // What readers of the ledger call their searches is not told to its viewers.
  const named = isViewer ? NONE_SAVED : saved.filters(reader.view.info.name, reader.caller.id)
  const query = queryOf(parameters, named)
  if (isViewer && query.pipes.length > 0)
    throw deny(reader, 'read', 'viewer tokens search and page; they count nothing, so a query has no pipes')
  assertSeen(fieldsIn(query), reader)
  const { rows } = reader.sight
  if (rows === undefined) return query
  const filter = query.filter ? allOf([query.filter, rows]) : rows
  return { filter, pipes: query.pipes, scope: scopeOf(filter, query.pipes) }
}

const NONE_SAVED = (): undefined => undefined

/** A filter that we made ourselves, of these fields of a request. */
export function withinSight(filter: Filter | undefined, reader: Reader): Filter | undefined {
  if (filter) assertSeen(fieldsIn({ filter, pipes: [] }), reader)
  const { rows } = reader.sight
  return filter && rows ? allOf([filter, rows]) : (filter ?? rows)
}

/** Throws the problem that names the first field which the reader does not see. */
export function assertSeen(fields: Iterable<string>, reader: Reader): void {
  const unseen = unseenIn(fields, reader.sight)
  if (unseen === undefined) return
  const { personal } = reader.sight
  const what =
    unseen === FREE_TEXT
      ? `free text looks into ${personal === 'masked' ? 'personal data' : 'fields'} that you do not see; name a field, such as action or service`
      : `${unseen} is ${personal === 'masked' ? 'personal data' : 'a field'} that you do not see, so nothing can be asked about it`
  const how = personal === 'masked' ? '; who may unmask states a reason in the header Trailproof-Unmask' : ''
  throw deny(reader, 'see-personal', `${what}${how}`, { field: unseen })
}

function scopeOf(filter: Filter, pipes: readonly Pipe[]): string {
  return JSON.stringify([filter, pipes])
}
