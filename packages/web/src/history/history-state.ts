/** Whose history is looked at, as it stands in the address: `?actor=u-1`, or `?target=account:acc-8`. */

export interface HistoryState {
  readonly actor?: string
  /** Type and id, told apart by the first colon. */
  readonly target?: string
  readonly ledger?: string
}

export function readHistory(given: Readonly<Record<string, unknown>>): HistoryState {
  const said = ['actor', 'target', 'ledger']
    .map((name) => [name, given[name]] as const)
    .filter(([, value]) => typeof value === 'string' && value !== '')
  return Object.fromEntries(said)
}

/** The path of the API, and how the subject is told to people; undefined: the address names nobody. */
export function subjectOf({
  actor,
  target,
}: HistoryState): { readonly path: string; readonly title: string; readonly query: string } | undefined {
  if (actor !== undefined)
    return {
      path: `v1/actors/${encodeURIComponent(actor)}/history`,
      title: `What ${actor} did`,
      query: `actor.id:${quoted(actor)}`,
    }
  const [type, id] = target === undefined ? [] : atFirstColon(target)
  if (type === undefined || id === undefined) return undefined
  return {
    path: `v1/targets/${encodeURIComponent(type)}/${encodeURIComponent(id)}/history`,
    title: `What happened to ${type} ${id}`,
    query: `targets.type:${quoted(type)} targets.id:${quoted(id)}`,
  }
}

function atFirstColon(text: string): readonly string[] {
  const colon = text.indexOf(':')
  return colon < 1 || colon === text.length - 1 ? [] : [text.slice(0, colon), text.slice(colon + 1)]
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`
}
