/** Whoever asks, of whatever kind: who they are, and the roles they have where. */
import type { Grant } from './roles.ts'

export interface Subject {
  readonly kind: 'key' | 'user' | 'service' | 'viewer'
  /** Of a key its prefix. */
  readonly id: string
}

export interface Caller {
  readonly kind: 'caller'
  readonly subject: Subject
  /** The same for the same subject, and no other's: cursors, saved searches and counted reads are known by it. */
  readonly id: string
  /** As people know them. */
  readonly name: string
  readonly grants: readonly Grant[]
  /** The ledger of requests that name none; undefined: `main`. */
  readonly home: string | undefined
}

/** Of a key the prefix alone, as it stands in access ledgers since before there were other subjects. */
export function callerId({ kind, id }: Subject): string {
  return kind === 'key' ? id : `${kind}:${id}`
}

/** As messages name them. */
export function describeCaller({ subject: { kind, id } }: Pick<Caller, 'subject'>): string {
  return kind === 'key' ? `API key ${id}` : `${kind} ${id}`
}
