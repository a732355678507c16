/** Somebody whose personal data is to be found: who they are in records, and where texts name them. */
import { createHmac } from 'node:crypto'
import { anyOf, type Filter } from '@trailproof/core/query'

export interface DataSubject {
  readonly id: string
  /** As in `actor.type` and `targets[].type`; undefined: whatever the type. */
  readonly type: string | undefined
}

const FIELDS = ['actor.id', 'actor.on_behalf_of', 'actor.on_behalf_of.id', 'targets.id']

/** Finds every record that `concerns` the subject, and perhaps others: queries take letters as they come. */
export function subjectFilter({ id }: DataSubject): Filter {
  return anyOf(FIELDS.map((field) => ({ kind: 'field', field, test: { op: 'equals', value: id } })))
}

interface Party {
  readonly type?: unknown
  readonly id?: unknown
}

/** Whether a personal group is of a record that the subject did, or that was done in their name or to them. */
export function concerns(personalText: string, { id, type }: DataSubject): boolean {
  const { actor, targets } = JSON.parse(personalText) as {
    readonly actor?: Party & { readonly on_behalf_of?: unknown }
    readonly targets?: readonly unknown[]
  }
  const isSubject = (party: unknown): boolean => {
    if (typeof party === 'string') return party === id
    if (typeof party !== 'object' || party === null) return false
    const { id: itsId, type: itsType } = party as Party
    return itsId === id && (type === undefined || itsType === type)
  }
  return isSubject(actor) || isSubject(actor?.on_behalf_of) || (targets ?? []).some(isSubject)
}

/** Whether a text names the subject: their id, not as a part of a longer word. */
export function namer({ id }: DataSubject): (text: string) => boolean {
  const escaped = id.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`)
  const pattern = new RegExp(String.raw`(?<![\p{L}\p{N}_-])${escaped}(?![\p{L}\p{N}_-])`, 'u')
  return (text) => text.includes(id) && pattern.test(text)
}

/**
 * What the ledger says of whom it erased: HMAC-SHA-256 under a key of the ledger, in hexadecimal. Who has that key and
 * knows the subject can tell; nobody else learns anything.
 */
export function subjectHash({ id, type }: DataSubject, ledgerKey: Uint8Array): string {
  const text = `trailproof/v1 data subject\n${JSON.stringify([type ?? null, id])}`
  return createHmac('sha256', ledgerKey).update(text).digest('hex')
}
