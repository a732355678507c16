/** Makes a record small enough for a ledger, largest and least telling parts first. Hardly any record gets here. */
import { hash } from 'node:crypto'
import { READ_LIMITS } from '@trailproof/core'
import { canonicalText } from './canonical-text.ts'
import type { Draft } from './draft.ts'
import type { Cut } from './snapshot.ts'

/** Bytes of a record that a server takes, less room for the stream. */
const RECORD_BYTES_MAX = READ_LIMITS.recordBytesMax - 1_024
/** Bytes of `metadata` that a server takes (core's METADATA_BYTES_MAX). */
export const METADATA_BYTES_MAX = 262_144

const LEFT_OUT = '[left out: the record was too large]'

type Members = Readonly<Record<string, unknown>>

/** What is left out, in this order, until the record fits. */
const PARTS: readonly ((record: Draft, leave: Leave) => Draft)[] = [
  (record, leave) => withoutBody(record, 'response', leave),
  (record, leave) => withoutBody(record, 'request', leave),
  (record, leave) => withoutContent(record, 'integrations', leave),
  (record, leave) => withoutContent(record, 'internal_steps', leave),
  (record, leave) => withoutMember(record, 'metadata', leave),
  (record, leave) => withoutMember(record, 'labels', leave),
  (record, leave) => withoutMember(record, 'changes', leave),
  (record, leave) => withoutMember(record, 'integrations', leave),
  (record, leave) => withoutMember(record, 'internal_steps', leave),
  (record, leave) => withoutMember(record, 'errors', leave),
  (record, leave) => withoutMember(record, 'targets', leave),
  (record, leave) => withoutMember(record, 'request', leave),
  (record, leave) => withoutMember(record, 'response', leave),
]

/** Notes what is left out and gives what stands in its place. */
type Leave = (path: string, value: unknown) => string

/** The text of the record, or of as much of it as a server takes. */
export function fitted(record: Draft, encode: (record: Draft) => string): string {
  let text = encode(record)
  if (text.length * 3 <= METADATA_BYTES_MAX) return text
  const cuts: Cut[] = [...((record['truncated'] as readonly Cut[] | undefined) ?? [])]
  const leave: Leave = (path, value) => {
    const left = canonicalText(value as object, false)
    cuts.push({ path, sha256: hash('sha256', left), size: Buffer.byteLength(left) })
    return LEFT_OUT
  }
  let fitting = record
  if (Buffer.byteLength(canonicalText(record['metadata'] ?? {}, false)) > METADATA_BYTES_MAX) {
    fitting = { ...withoutMember(fitting, 'metadata', leave), truncated: cuts }
    text = encode(fitting)
  }
  for (const without of PARTS) {
    if (Buffer.byteLength(text) <= RECORD_BYTES_MAX) break
    fitting = { ...without(fitting, leave), truncated: cuts.slice(0, 1_000) }
    text = encode(fitting)
  }
  return text
}

function withoutBody(record: Draft, part: 'request' | 'response', leave: Leave): Draft {
  const members = record[part] as Members | undefined
  if (members?.['body'] === undefined) return record
  return { ...record, [part]: { ...members, body: leave(`/${part}/body`, members['body']) } }
}

/** Requests, responses and metadata of each item. */
function withoutContent(record: Draft, list: 'integrations' | 'internal_steps', leave: Leave): Draft {
  const items = record[list] as readonly Members[] | undefined
  if (items === undefined) return record
  const shorter = items.map((item, i) => {
    const copy: Record<string, unknown> = { ...item }
    for (const member of ['request', 'response', 'metadata'])
      if (copy[member] !== undefined) copy[member] = leave(`/${list}/${i}/${member}`, copy[member])
    return copy
  })
  return { ...record, [list]: shorter }
}

/** An empty one of the same type, so that the record keeps its shape. */
function withoutMember(record: Draft, member: string, leave: Leave): Draft {
  const value = record[member]
  if (value === undefined) return record
  const marker = leave(`/${member}`, value)
  return { ...record, [member]: Array.isArray(value) ? [] : { trailproof: marker } }
}
