/** Records as the server gives them to a viewer, as far as they are shown here. Anybody may have sent them: nothing is relied on. */

export interface ShownRecord {
  readonly id: string
  readonly timestamp?: string
  readonly recorded_at: string
  readonly action?: string
  readonly kind?: string
  readonly outcome?: string
  readonly actor_type?: string
  readonly actor?: { readonly name?: unknown; readonly email?: unknown; readonly id?: unknown }
  readonly message?: string
  readonly reason?: string
  readonly targets?: readonly { readonly type?: unknown; readonly id?: unknown; readonly name?: unknown }[]
  readonly changes?: readonly Change[]
  readonly source?: { readonly ip?: unknown }
}

export interface Change {
  readonly path?: unknown
  readonly old?: unknown
  readonly new?: unknown
  readonly redacted?: unknown
}

export const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const
export type Outcome = (typeof OUTCOMES)[number]

export function outcomeOf({ outcome }: ShownRecord): Outcome {
  return OUTCOMES.find((known) => known === outcome) ?? 'unknown'
}

/** Whoever did it, by the best name that is shown; undefined: nothing of them is. */
export function actorOf({ actor, actor_type }: ShownRecord): string | undefined {
  return firstText(actor?.name, actor?.email, actor?.id, actor_type)
}

export function targetsOf({ targets }: ShownRecord): readonly string[] {
  return (Array.isArray(targets) ? targets : []).flatMap((target: NonNullable<typeof targets>[number]) => {
    const name = firstText(target?.name, target?.id)
    const type = firstText(target?.type)
    return name === undefined ? (type ?? []) : type === undefined ? name : `${type} ${name}`
  })
}

export function changesOf({ changes }: ShownRecord): readonly Change[] {
  return (Array.isArray(changes) ? changes : []).filter(
    (change) => typeof change === 'object' && change !== null,
  )
}

/** A value as one line of text; undefined: there is none. */
export function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

export function firstText(...values: readonly unknown[]): string | undefined {
  return values.find((value): value is string => typeof value === 'string' && value !== '')
}
