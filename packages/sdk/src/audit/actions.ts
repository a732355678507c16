/**
 * Actions with a meaning that everybody shares. The names after `log` are those that services came from before (auth_attempt,
 * user_creation …): each gives its action, so that one query finds them across services.
 */
import type { Actor, Change, Target } from '../recorder/people.ts'
import type { Outcome } from '../recorder/trail-parts.ts'

/** What an event says beside its action. */
export interface EventData {
  /** Default: the trail's. */
  readonly actor?: Actor
  readonly targets?: readonly Target[]
  readonly target?: Target
  /** What was changed; `diff` makes it of two objects. */
  readonly changes?: readonly Change[]
  /** Default `success`. */
  readonly outcome?: Outcome
  /** Why: the stated purpose, or why it was denied or failed. */
  readonly reason?: string
  /** A sentence for people. */
  readonly message?: string
  readonly labels?: Readonly<Record<string, string | number | boolean>>
  readonly metadata?: Readonly<Record<string, unknown>>
  /** trace, debug, info, notice, warn, error, fatal. Default `info`; `warn` for failure and denied. */
  readonly severity?: string
  readonly error?: unknown
  /** Id of the record that caused this one. */
  readonly causationId?: string
  readonly sessionId?: string
}

/** The fields that events of one action must have. */
export type Required = readonly ('actor' | 'target' | 'targets' | 'changes' | 'reason' | 'message')[]

/** Actions by name, with what each must say. */
export type ActionCatalogue = Readonly<
  Record<string, { readonly requires?: Required; readonly severity?: string }>
>

/** The catalogue that every recorder knows. Yours is added to it: `audit.with(actions)`. */
export const ACTIONS = {
  'auth.attempted': { requires: ['target'] },
  'user.created': { requires: ['target'] },
  'token.issued': {},
  'token.refreshed': {},
  'token.revoked': {},
  'token.keys_rotated': {},
  'password.changed': { requires: ['target'] },
  'entity.created': { requires: ['target'] },
  'entity.updated': { requires: ['target'] },
  'entity.deleted': { requires: ['target'] },
  'role.assigned': { requires: ['target'] },
  'role.removed': { requires: ['target'] },
  'permission.assigned': { requires: ['target'] },
  'permission.removed': { requires: ['target'] },
  'access.denied': { severity: 'warn' },
  'activity.suspicious': { severity: 'error', requires: ['reason'] },
} as const satisfies ActionCatalogue

type DataOf<Entry> = Entry extends { readonly requires: infer Names extends Required }
  ? EventData & { readonly [Name in Names[number] & keyof EventData]-?: NonNullable<EventData[Name]> }
  : EventData

/** What `audit.event(action, …)` wants for the actions of a catalogue. */
export type EventOf<Catalogue extends ActionCatalogue, Action extends keyof Catalogue> = DataOf<
  Catalogue[Action]
>
