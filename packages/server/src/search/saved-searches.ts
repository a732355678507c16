/** Saved searches, in memory: a query may name them, `$name`. */
import { expandSaved, parseQuery, QueryError, type SavedFilters } from '@trailproof/core/query'
import type { Callers } from '../access/callers.ts'
import type { Directory, SavedSearch } from '../directory/directory.ts'
import { TrailproofError } from '../trailproof-error.ts'

/** Saved searches of one ledger. */
const SEARCHES_MAX = 1000
const NAME = /^[\p{L}\p{N}_-]{1,64}$/u

type Store = Pick<Directory, 'savedSearches' | 'putSavedSearch' | 'deleteSavedSearch'>
type Owners = Pick<Callers, 'isValid'>
/** Whoever may read the ledger that is spoken of. */
export interface SearchReader {
  readonly id: string
  /** Whether they look after searches of others. */
  readonly manages: boolean
}

export class SavedSearches {
  readonly #store: Store
  readonly #owners: Owners
  readonly #now: () => number
  readonly #all = new Map<string, SavedSearch>()

  private constructor(store: Store, owners: Owners, now: () => number) {
    this.#store = store
    this.#owners = owners
    this.#now = now
  }

  static async load(store: Store, owners: Owners, now: () => number): Promise<SavedSearches> {
    const searches = new SavedSearches(store, owners, now)
    await searches.reload()
    return searches
  }

  /** Takes over what other servers on the same directory have changed. */
  async reload(): Promise<void> {
    const stored = new Map((await this.#store.savedSearches()).map((search) => [keyOf(search), search]))
    for (const key of this.#all.keys()) if (!stored.has(key)) this.#all.delete(key)
    for (const [key, search] of stored) this.#all.set(key, search)
  }

  /** Those that a reader sees, pinned ones first, by name. */
  list(ledger: string, reader: SearchReader): readonly SavedSearch[] {
    return [...this.#all.values()]
      .filter((search) => search.ledger === ledger && this.#isSeenBy(search, reader))
      .toSorted((a, b) => Number(b.pinned) - Number(a.pinned) || (a.name < b.name ? -1 : 1))
  }

  get(ledger: string, name: string, reader: SearchReader): SavedSearch | undefined {
    const search = this.#all.get(keyOf({ ledger, name }))
    return search && this.#isSeenBy(search, reader) ? search : undefined
  }

  /** The filters that a caller's queries may name. */
  filters(ledger: string, callerId: string): SavedFilters {
    return (name) => {
      const search = this.#all.get(keyOf({ ledger, name }))
      return search && (search.shared || search.owner === callerId) ? parseQuery(search.query) : undefined
    }
  }

  /**
   * Throws BAD_REQUEST for a bad name, a name of another's, and a query that is not understood or only for itself.
   * A search that an admin changes stays its owner's, as long as there is one.
   */
  async put(asked: Omit<SavedSearch, 'changedAt' | 'owner'>, reader: SearchReader): Promise<SavedSearch> {
    const { ledger, name } = asked
    if (!NAME.test(name))
      throw refused(`name: up to 64 letters, digits, _ and -, got ${JSON.stringify(name.slice(0, 100))}`)
    const there = this.#all.get(keyOf(asked))
    if (there && !this.#isChangedBy(there, reader)) throw refused(othersSearch(there))
    const owner = there && this.#owners.isValid(there.owner) ? there.owner : reader.id
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
  async delete(ledger: string, name: string, reader: SearchReader): Promise<boolean> {
    const key = keyOf({ ledger, name })
    const there = this.get(ledger, name, reader)
    if (!there) return false
    if (!this.#isChangedBy(there, reader)) throw refused(othersSearch(there))
    await this.#store.deleteSavedSearch(ledger, name)
    return this.#all.delete(key)
  }

  /** Deletes every search of the ledger in which `isNamed` finds somebody; how many there were. */
  async forget(ledger: string, isNamed: (text: string) => boolean): Promise<number> {
    const naming = [...this.#all.values()].filter(
      (search) => search.ledger === ledger && [search.query, search.name, search.description].some(isNamed),
    )
    for (const { name } of naming) {
      await this.#store.deleteSavedSearch(ledger, name)
      this.#all.delete(keyOf({ ledger, name }))
    }
    return naming.length
  }

  /** Its owner changes it; what is shared, or left behind by one who is gone, who looks after searches too. */
  #isChangedBy({ owner, shared }: SavedSearch, { id, manages }: SearchReader): boolean {
    return owner === id || (manages && (shared || !this.#owners.isValid(owner)))
  }

  #isSeenBy(search: SavedSearch, reader: SearchReader): boolean {
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
    ? `${name} is shared by somebody else: they, and whoever has manage-searches, may change it`
    : `the name ${name} is taken by a search that somebody else has saved for themselves`
}

function keyOf({ ledger, name }: Pick<SavedSearch, 'ledger' | 'name'>): string {
  return `${ledger} ${name}`
}

function refused(message: string): TrailproofError {
  return new TrailproofError('BAD_REQUEST', message)
}
