/**
 * How a search for a page walks through a ledger: in order, row by row, while matches are frequent, and by its terms,
 * thousands of entries at a time, where they are rare. The first rows tell which of both it is; the database's own planner
 * knows nothing of terms, and of frequent ones would collect all that match for the sake of a page.
 */

/** Entries read in order at first: they fill most pages of frequent values. */
export const FIRST_SLICE = 2048
/** A page is read in order where it is no farther away than so many first slices, though terms could be looked up. */
const IN_ORDER_SLICES_MAX = 8
/** Entries in any slice that is read in order, in the first that is looked up by terms, and in any of those. */
const SLICE_MAX = 131_072
const BY_TERMS_MIN = 65_536
const BY_TERMS_MAX = 2 ** 24
/** A slice without a page's matches is followed by one so many times larger, at most. */
const GROWTH_MAX = 4

export class Pace {
  readonly #hasTerms: boolean
  readonly #firstSlice: number
  #size: number
  #byTerms = false
  #read = 0
  #found = 0

  /** `hasTerms`: whether there are terms to look up. */
  constructor(hasTerms: boolean, firstSlice = FIRST_SLICE) {
    this.#hasTerms = hasTerms
    this.#firstSlice = firstSlice
    this.#size = firstSlice
  }

  /** Entries in the next slice. */
  get size(): number {
    return this.#size
  }

  /** Whether it is looked up by terms. */
  get byTerms(): boolean {
    return this.#byTerms
  }

  /** After a slice of `read` entries, of which `found` matched; `wanted` more are to be found. */
  saw(read: number, found: number, wanted: number): void {
    this.#read += read
    this.#found += found
    const expected = this.#found === 0 ? Infinity : Math.ceil((1.5 * wanted * this.#read) / this.#found)
    if (this.#hasTerms && !this.#byTerms && expected > IN_ORDER_SLICES_MAX * this.#firstSlice) {
      this.#byTerms = true
      this.#size = BY_TERMS_MIN
      return
    }
    const max = this.#byTerms ? BY_TERMS_MAX : SLICE_MAX
    this.#size = Math.max(this.#firstSlice, Math.min(expected, this.#size * GROWTH_MAX, max))
  }
}
