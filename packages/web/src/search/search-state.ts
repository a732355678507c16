/** What a search is, as it stands in the address: whoever opens the address sees the same. */

export interface SearchState {
  readonly q: string
  /** `15m`, `24h`, `7d` before now; '' when `from` and `to` say it, or all of the ledger is meant. */
  readonly last: string
  /** RFC 3339; '' for no bound. */
  readonly from: string
  readonly to: string
  /** '': the one that the caller is at home in. */
  readonly ledger: string
  /** Names of fields shown as columns, joined by commas; '': the usual ones. */
  readonly columns: string
  /** Whether records are shown as they come, instead of those that are there. */
  readonly live: boolean
  /** Id of the record that is shown beside the list; '': none. */
  readonly record: string
}

export const DEFAULT_LAST = '24h'
export const LASTS = ['15m', '1h', '4h', '24h', '7d', '30d'] as const

const EMPTY: SearchState = {
  q: '',
  last: '',
  from: '',
  to: '',
  ledger: '',
  columns: '',
  live: false,
  record: '',
}

/** Reads the part of an address after `?`; what is not understood there is as if it were not. */
export function readSearch(given: Readonly<Record<string, unknown>>): SearchState {
  const text = (name: keyof SearchState): string => {
    const value = given[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  }
  const from = text('from')
  const to = text('to')
  const isUnbounded = given['last'] === undefined && from === '' && to === ''
  return {
    q: text('q'),
    last: isUnbounded ? DEFAULT_LAST : text('last'),
    from,
    to,
    ledger: text('ledger'),
    columns: text('columns'),
    live: given['live'] === true || given['live'] === 'true',
    record: text('record'),
  }
}

/** The address, without what is as usual. */
export function writeSearch(state: SearchState): Partial<SearchState> {
  const said = Object.entries(state).filter(
    ([name, value]) =>
      value !== EMPTY[name as keyof SearchState] && !(name === 'last' && value === DEFAULT_LAST),
  )
  // All of the ledger has to be said, as nothing said is the usual time.
  const isAll = state.last === '' && state.from === '' && state.to === ''
  return Object.fromEntries(isAll ? [...said, ['last', '']] : said)
}

/** Query and bounds as the server's parameters. */
export function askedOf({ q, last, from, to, ledger }: SearchState): Record<string, string> {
  return { q, ledger, ...(from === '' && to === '' ? { last } : { from, to }) }
}
