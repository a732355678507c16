/** Runs spec/vectors/record-parsing.json, record-ids.json and record-prepared.json. */

import { encodeHex } from '../encoding/hex.ts'
import { encodeUtf8 } from '../encoding/utf8.ts'
import { compileRedaction } from '../redaction/policy.ts'
import { fromHex, mismatch, type VectorFile, type VectorPrimitives } from '../vector-suite.ts'
import { type BodyFormat, parseBody } from './parse-body.ts'
import { prepareRecord } from './prepare-record.ts'
import type { Problem } from './problem.ts'
import { foreignRecordId, idempotentRecordId } from './record-id.ts'

/** A body as text, or as hex where it is not UTF-8. */
interface BodyCase {
  readonly format: BodyFormat
  readonly body?: string
  readonly body_hex?: string
}

interface ParsingCase extends BodyCase {
  readonly result: unknown
}

/** Messages are for people and not part of the specification; codes and places are. */
export function runParsingVectors({ cases }: VectorFile<ParsingCase>): string[] {
  return cases.flatMap((each, i) => mismatch(i, 'body', parsed(each), each.result))
}

function parsed(each: BodyCase): unknown {
  const body = parseBody(bodyOf(each), each.format)
  if (body.kind === 'refused') {
    const { code, byte, line, column } = body.problem
    return { refused: { code, byte, line, column } }
  }
  const items = body.items.map((item) =>
    item.kind === 'problem'
      ? { problems: placesOf(item.problems) }
      : { value: item.value, coerced: item.coerced, foreign: item.foreign },
  )
  return { single: body.single, items }
}

interface IdCase {
  readonly id_key: string
  readonly foreign?: { readonly protocol: string; readonly source: string; readonly id: string }
  readonly idempotency_key?: string
  readonly position?: number
  readonly uuid: string
}

export function runRecordIdVectors({ cases }: VectorFile<IdCase>, { sha256 }: VectorPrimitives): string[] {
  return cases.flatMap(({ id_key, foreign, idempotency_key = '', position = 0, uuid }, i) => {
    const idKey = fromHex(id_key)
    const found =
      foreign === undefined
        ? idempotentRecordId(sha256, idKey, idempotency_key, position)
        : foreignRecordId(sha256, idKey, foreign)
    return mismatch(i, 'id', found, uuid)
  })
}

interface PreparedCase extends BodyCase {
  readonly received_at: string
  readonly dedupe_key: string
  readonly id_key: string
  readonly new_id: string
  readonly defaults?: { readonly service?: string; readonly environment?: string }
  readonly idempotency_key?: string
  /** Stored text of both groups, id and digest of each record, or what is wrong with it. */
  readonly result: unknown
}

export function runPreparedVectors(
  { cases }: VectorFile<PreparedCase>,
  { sha256 }: VectorPrimitives,
): string[] {
  return cases.flatMap((each, i) => {
    const body = parseBody(bodyOf(each), each.format)
    if (body.kind === 'refused') return [`case ${i}: refused as ${body.problem.code}`]
    const found = body.items.map((item, position) => {
      const prepared = prepareRecord(item, {
        receivedAt: each.received_at,
        redaction: compileRedaction(),
        sha256,
        dedupeKey: fromHex(each.dedupe_key),
        idKey: fromHex(each.id_key),
        position,
        newId: () => each.new_id,
        ...(each.defaults && { defaults: each.defaults }),
        ...(each.idempotency_key !== undefined && { idempotencyKey: each.idempotency_key }),
      })
      if (prepared.kind === 'problem') return { problems: placesOf(prepared.problems) }
      const { id, idGiven, core, personal, digest } = prepared
      return { id, id_given: idGiven, core, personal, digest: encodeHex(digest) }
    })
    return mismatch(i, 'records', found, each.result)
  })
}

function bodyOf({ body, body_hex }: BodyCase): Uint8Array {
  return body_hex === undefined ? encodeUtf8(body ?? '') : fromHex(body_hex)
}

function placesOf(problems: readonly Problem[]): Pick<Problem, 'record' | 'field' | 'code'>[] {
  return problems.map(({ record, field, code }) => ({ record, field, code }))
}
