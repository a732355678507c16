/** Saved searches, in memory: a query may name them, `$name`. */
import { expandSaved, parseQuery, QueryError, type SavedFilters } from '@trailproof/core/query'
import type { ApiKeys, Caller } from '../access/api-keys.ts'
import type { Directory, SavedSearch } from '../directory/directory.ts'
import { TrailproofError } from '../trailproof-error.ts'

/** Saved searches of one ledger. */
const SEARCHES_MAX = 1000
const NAME = /^[\p{L}\p{N}_-]{1,64}$/u

type Store = Pick<Directory, 'savedSearches' | 'putSavedSearch' | 'deleteSavedSearch'>
type Keys = Pick<ApiKeys, 'isValid'>
/** Whoever may read the ledger that is spoken of. */
type Reader = Pick<Caller, 'keyPrefix' | 'scopes'>

export class SavedSearches {
  readonly #store: Store
  readonly #keys: Keys
  readonly #now: () => number
  readonly #all = new Map<string, SavedSearch>()

  private constructor(store: Store, keys: Keys, now: () => number) {
    this.#store = store
    this.#keys = keys
    this.#now = now
  }

  static async load(store: Store, keys: Keys, now: () => number): Promise<SavedSearches> {
    const searches = new SavedSearches(store, keys, now)
    for (const search of await store.savedSearches()) searches.#all.set(keyOf(search), search)
    return searches
  }

  /** Those that a reader sees, pinned ones first, by name. */
  list(ledger: string, reader: Reader): readonly SavedSearch[] {
    return [...this.#all.values()]
      .filter((search) => search.ledger === ledger && this.#isSeenBy(search, reader))
      .toSorted((a, b) => Number(b.pinned) - Number(a.pinned) || (a.name < b.name ? -1 : 1))
  }

  get(ledger: string, name: string, reader: Reader): SavedSearch | undefined {
    const search = this.#all.get(keyOf({ ledger, name }))
    return search && this.#isSeenBy(search, reader) ? search : undefined
  }

  /** The filters that a caller's queries may name. */
  filters(ledger: string, keyPrefix: string): SavedFilters {
    return (name) => {
      const search = this.#all.get(keyOf({ ledger, name }))
      return search && (search.shared || search.owner === keyPrefix) ? parseQuery(search.query) : undefined
    }
  }

  /**
   * Throws BAD_REQUEST for a bad name, a name of another's, and a query that is not understood or only for itself.
   * A search that an admin changes stays its owner's, as long as there is one.
   */
  async put(asked: Omit<SavedSearch, 'changedAt' | 'owner'>, reader: Reader): Promise<SavedSearch> {
    const { ledger, name } = asked
    if (!NAME.test(name))
      throw refused(`name: up to 64 letters, digits, _ and -, got ${JSON.stringify(name.slice(0, 100))}`)
    const there = this.#all.get(keyOf(asked))
    if (there && !this.#isChangedBy(there, reader)) throw refused(othersSearch(there))
    const owner = there && this.#keys.isValid(there.owner) ? there.owner : reader.keyPrefix
    const search = { ...asked, owner }
    const count = [...this.#all.values()].filter((each) => each.ledger === ledger).length
    if (!there && count >= SEARCHES_MAX)
      throw refused(`a ledger has at most ${SEARCHES_MAX} saved searches; delete one first`)
    this.#check(search)
    const saved = { ...search, changedAt: this.#now() }
    await this.#store.putSavedSearch(saved)
    this.#all.set(keyOf(saved), saved)
    return saved
  }

  /** False when the reader sees none of that name; throws BAD_REQUEST when it is another's. */
  async delete(ledger: string, name: string, reader: Reader): Promise<boolean> {
    const key = keyOf({ ledger, name })
    const there = this.get(ledger, name, reader)
    if (!there) return false
    if (!this.#isChangedBy(there, reader)) throw refused(othersSearch(there))
    await this.#store.deleteSavedSearch(ledger, name)
    return this.#all.delete(key)
  }

  /** Its owner changes it; what is shared, or left behind by a key that is gone, admins too. */
  #isChangedBy({ owner, shared }: SavedSearch, { keyPrefix, scopes }: Reader): boolean {
    return owner === keyPrefix || (scopes.includes('admin') && (shared || !this.#keys.isValid(owner)))
  }

  #isSeenBy(search: SavedSearch, reader: Reader): boolean {
    return search.shared || this.#isChangedBy(search, reader)
  }

  /** Expanded with itself in place: a circle is told when it is made, not when it is used. */
  #check({ ledger, name, owner, query }: Pick<SavedSearch, 'ledger' | 'name' | 'owner' | 'query'>): void {
    try {
      const { filter } = parseQuery(query)
      const others = this.filters(ledger, owner)
      if (filter) expandSaved(filter, (each) => (each === name ? { filter } : others(each)))
    } catch (error) {
      if (!(error instanceof QueryError)) throw error
      throw refused(`query: ${error.message} (at ${error.position})`)
    }
  }
}

function othersSearch({ name, shared }: SavedSearch): string {
  return shared
    ? `${name} is shared by another key: that key and admin keys of the ledger may change it`
    : `the name ${name} is taken by a search that another key has saved for itself`
}

function keyOf({ ledger, name }: Pick<SavedSearch, 'ledger' | 'name'>): string {
  return `${ledger} ${name}`
}

function refused(message: string): TrailproofError {
  return new TrailproofError('BAD_REQUEST', message)
}
