/** Saved searches, in memory: a query may name them, `$name`. */
import { expandSaved, parseQuery, QueryError, type SavedFilters } from '@trailproof/core/query'
import type { Directory, SavedSearch } from '../directory/directory.ts'
import { TrailproofError } from '../trailproof-error.ts'

/** Saved searches of one ledger. */
const SEARCHES_MAX = 1000
const NAME = /^[\p{L}\p{N}_-]{1,64}$/u

type Store = Pick<Directory, 'savedSearches' | 'putSavedSearch' | 'deleteSavedSearch'>

export class SavedSearches {
  readonly #store: Store
  readonly #now: () => number
  readonly #all = new Map<string, SavedSearch>()

  private constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  static async load(store: Store, now: () => number): Promise<SavedSearches> {
    const searches = new SavedSearches(store, now)
    for (const search of await store.savedSearches()) searches.#all.set(keyOf(search), search)
    return searches
  }

  /** Those that a caller sees, pinned ones first, by name. */
  list(ledger: string, keyPrefix: string): readonly SavedSearch[] {
    return [...this.#all.values()]
      .filter((search) => search.ledger === ledger && isSeenBy(search, keyPrefix))
      .toSorted((a, b) => Number(b.pinned) - Number(a.pinned) || (a.name < b.name ? -1 : 1))
  }

  get(ledger: string, name: string, keyPrefix: string): SavedSearch | undefined {
    const search = this.#all.get(keyOf({ ledger, name }))
    return search && isSeenBy(search, keyPrefix) ? search : undefined
  }

  /** The filters that a caller's queries may name. */
  filters(ledger: string, keyPrefix: string): SavedFilters {
    return (name) => {
      const search = this.get(ledger, name, keyPrefix)
      return search && parseQuery(search.query).filter
    }
  }

  /** Throws BAD_REQUEST for a bad name, a name of another's, and a query that is not understood or only for itself. */
  async put(search: Omit<SavedSearch, 'changedAt'>): Promise<SavedSearch> {
    const { ledger, name, owner } = search
    if (!NAME.test(name))
      throw refused(`name: up to 64 letters, digits, _ and -, got ${JSON.stringify(name.slice(0, 100))}`)
    const there = this.#all.get(keyOf(search))
    if (there && there.owner !== owner) throw refused(`${name} is saved by another key`)
    const count = [...this.#all.values()].filter((each) => each.ledger === ledger).length
    if (!there && count >= SEARCHES_MAX)
      throw refused(`a ledger has at most ${SEARCHES_MAX} saved searches; delete one first`)
    this.#check(search)
    const saved = { ...search, changedAt: this.#now() }
    await this.#store.putSavedSearch(saved)
    this.#all.set(keyOf(saved), saved)
    return saved
  }

  /** False when the caller has saved none of that name. */
  async delete(ledger: string, name: string, keyPrefix: string): Promise<boolean> {
    const key = keyOf({ ledger, name })
    if (this.#all.get(key)?.owner !== keyPrefix) return false
    await this.#store.deleteSavedSearch(ledger, name)
    return this.#all.delete(key)
  }

  /** Expanded with itself in place: a circle is told when it is made, not when it is used. */
  #check({ ledger, name, owner, query }: Pick<SavedSearch, 'ledger' | 'name' | 'owner' | 'query'>): void {
    try {
      const { filter } = parseQuery(query)
      const others = this.filters(ledger, owner)
      if (filter) expandSaved(filter, (each) => (each === name ? filter : others(each)))
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      throw refused(`query: ${error.message} (at ${error.position})`)
    }
  }
}

function isSeenBy({ owner, shared }: SavedSearch, keyPrefix: string): boolean {
  return shared || owner === keyPrefix
}

function keyOf({ ledger, name }: Pick<SavedSearch, 'ledger' | 'name'>): string {
  return `${ledger} ${name}`
}

function refused(message: string): TrailproofError {
  return new TrailproofError('BAD_REQUEST', message)
}
