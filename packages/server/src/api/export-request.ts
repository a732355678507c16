/** What a request for an export asks for, with its range and query made definite. */
import { readCheckpoint } from '@trailproof/core'
import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Export, ExportRange } from '../export/export.ts'
import type { ExportFormat } from '../export/export-block.ts'
import { queryText } from '../export/query-text.ts'
import type { Services } from '../services.ts'
import { ProblemError, readerOf } from './authorize.ts'
import { problem } from './problem.ts'
import {
  type AskedQuery,
  fieldsOf,
  filterOnly,
  type QueryParameters,
  queryParameters,
} from './query-parameters.ts'
import { askedBy, assertSeen } from './sighted-query.ts'

export interface ExportQuerystring extends QueryParameters {
  readonly ledger?: string
  readonly format: ExportFormat
  readonly from_index: number
  readonly to_index?: number
  readonly size?: number
  readonly at?: string
  readonly mark?: string
  readonly fields?: string
}

const FIELDS_MAX = 64
const index = (description: string) => Type.Optional(Type.Integer({ minimum: 0, description }))

export const exportQuerystring = Type.Object({
  ledger: Type.Optional(Type.String({ description: 'Ledger name; default: the key’s.' })),
  ...queryParameters,
  format: Type.Union([Type.Literal('ndjson'), Type.Literal('csv'), Type.Literal('ocsf')], {
    default: 'ndjson',
    description: 'ndjson proves itself; csv and ocsf carry no proof.',
  }),
  from_index: Type.Integer({ minimum: 0, default: 0, description: 'First entry.' }),
  to_index: index('The entry after the last one; default: `size`.'),
  size: index('Entries of the checkpoint that the export is of; default: the ledger as it is now.'),
  at: Type.Optional(
    Type.String({ maxLength: 32, description: 'What `last` counts back from (RFC 3339); default: now.' }),
  ),
  mark: Type.Optional(
    Type.String({
      maxLength: 128,
      description:
        'Go on after this mark, `<mark>.<shown>.<withheld>.<erased>.<mac>`, of an export that was cut.',
    }),
  ),
  fields: Type.Optional(
    Type.String({ maxLength: 8192, description: 'Further columns of a CSV, joined by commas.' }),
  ),
})

export function exportOf(
  request: FastifyRequest<{ Querystring: ExportQuerystring }>,
  services: Services,
): Export {
  const { ledger: named, format, at } = request.query
  const reader = readerOf(request, named, services, 'export')
  const { view, sight } = reader
  const ledger = view.info.name
  const signed = readCheckpoint(view.checkpoint)
  const range = rangeOf(request.query, signed.kind === 'checkpoint' ? signed.size : 0)
  const atMs = at === undefined ? services.now() : Date.parse(at)
  if (Number.isNaN(atMs)) throw badRequest('at: expected a time such as 2026-01-31T12:00:00Z')
  // A caller's rows are part of the query, and so of what the export says that it holds.
  const asked = askedBy(reader, request.query, services)
  const query = queryText(filterOnly(asked, 'an export', ['fields']))
  if (query === undefined)
    throw new ProblemError(problem('bad-query', 'the query is too long to be exported'))
  const fields = columnsOf(request.query, asked)
  assertSeen(fields, reader)
  const seen = { personal: sight.personal, hidden: sight.hidden }
  return { view, range, shape: { ledger, format, query, atMs, fields, seen } }
}

function rangeOf(
  { from_index: from, to_index, size: asked }: ExportQuerystring,
  signed: number,
): ExportRange {
  const size = asked ?? signed
  const to = to_index ?? size
  if (size > signed) throw badRequest(`size: the ledger is signed up to ${signed} entries, not ${size}`)
  if (to > size) throw badRequest(`to_index: ${to} is beyond the ${size} entries that there are`)
  if (from > to) throw badRequest(`from_index: ${from} is behind the end of the range, ${to}`)
  return { from, to, size }
}

/** The columns that a CSV has beside the fixed ones. */
function columnsOf({ format, fields }: ExportQuerystring, { pipes }: AskedQuery): readonly string[] {
  const piped = pipes.findLast((pipe) => pipe.kind === 'fields')
  if (format !== 'csv' && (piped || fields !== undefined))
    throw badRequest(`fields: ${format} holds whole records; a CSV has columns to choose`)
  const named = piped?.fields ?? (fields === undefined ? [] : fieldsOf(fields))
  if (named.length > FIELDS_MAX) throw badRequest(`fields: at most ${FIELDS_MAX}`)
  return named
}

export function badRequest(detail: string): ProblemError {
  return new ProblemError(problem('bad-request', detail))
}
