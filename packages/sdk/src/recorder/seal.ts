/** The last step of a record in this process: masked, encoded, chained. Nothing changes it afterwards. */
import { type CompiledRedaction, redactPersonal } from '@trailproof/core'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { canonicalText } from './canonical-text.ts'
import type { Draft } from './draft.ts'
import { fitted } from './fit-record.ts'
import type { Stream } from './stream.ts'

export interface Sealer {
  readonly redaction: CompiledRedaction | undefined
  readonly stream: Stream
}

/** `isOrdered`: whether the keys of all its objects are in canonical order already. */
export function seal(draft: Draft, { redaction, stream }: Sealer, isOrdered = false): SealedRecord {
  const placed = { ...draft, stream: stream.place }
  const masked = redaction === undefined ? placed : redactPersonal(placed, redaction)
  const text = fitted(masked, (record) => canonicalText(record, isOrdered))
  return sealed(text, draft, stream)
}

/** `text`: canonical and masked, with `stream.place` for its stream. */
export function sealed(
  text: string,
  { id, kind }: Pick<SealedRecord, 'id' | 'kind'>,
  stream: Stream,
): SealedRecord {
  const { seq, line } = stream.chain(text)
  return { id, kind, seq, line }
}
