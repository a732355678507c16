/** The last step of a record in this process: masked, encoded, chained. Nothing changes it afterwards. */
import { type CompiledRedaction, canonicalJson, redactPersonal } from '@trailproof/core'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import type { Draft } from './draft.ts'
import { type Encoded, fitted } from './fit-record.ts'
import type { Stream } from './stream.ts'

export interface Sealer {
  readonly redaction: CompiledRedaction | undefined
  readonly stream: Stream
}

export function seal(draft: Draft, { redaction, stream }: Sealer): SealedRecord {
  const masked = redaction === undefined ? draft : redactPersonal(draft, redaction)
  const { head, tail } = fitted(masked, encode)
  const { seq, line } = stream.chain(head, tail)
  return { id: draft.id, kind: draft.kind, seq, line }
}

function encode(record: Draft): Encoded {
  const { targets, timestamp, trace_id, truncated, ...head } = record
  return { head: membersOf(head), tail: membersOf({ targets, timestamp, trace_id, truncated }) }
}

function membersOf(object: object): string {
  return canonicalJson(object).slice(1, -1)
}
