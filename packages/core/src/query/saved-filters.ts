/** Puts the filters of saved searches in the place of their names. */

import { QUERY_CONDITIONS_MAX, SAVED_DEPTH_MAX } from './limits.ts'
import { allOf, anyOf, notOf } from './normal-form.ts'
import type { Filter, Query } from './query.ts'
import { QueryError, shown } from './query-error.ts'

/** The query of a saved search, of which the filter counts; undefined when there is none of that name. */
export type SavedFilters = (name: string) => Pick<Query, 'filter'> | undefined

/** What a saved search without a filter stands for: every record has a kind, and indexes know it. */
const EVERY_RECORD: Filter = { kind: 'field', field: 'kind', test: { op: 'exists' } }

/**
 * The filter without any `$name`. Throws `QueryError` (its place is unknown: 0) when a name is not saved, when
 * saved searches name each other in a circle or too deeply, or when the whole gets too large.
 */
export function expandSaved(filter: Filter, saved: SavedFilters = () => undefined): Filter {
  let conditions = 0
  const expand = (part: Filter, within: readonly string[]): Filter => {
    switch (part.kind) {
      case 'and':
        return allOf(part.parts.map((each) => expand(each, within)))
      case 'or':
        return anyOf(part.parts.map((each) => expand(each, within)))
      case 'not':
        return notOf(expand(part.part, within))
      case 'text':
      case 'field':
        if (++conditions > QUERY_CONDITIONS_MAX)
          throw refused(`with its saved searches the query has more than ${QUERY_CONDITIONS_MAX} conditions`)
        return part
      case 'saved': {
        const { name } = part
        if (within.includes(name)) throw refused(`the saved search ${shown(name)} contains itself`)
        if (within.length === SAVED_DEPTH_MAX)
          throw refused(`saved searches nest at most ${SAVED_DEPTH_MAX} deep`)
        const found = saved(name)
        if (found === undefined) throw refused(`there is no saved search ${shown(name)}`)
        return expand(found.filter ?? EVERY_RECORD, [...within, name])
      }
    }
  }
  return expand(filter, [])
}

function refused(message: string): QueryError {
  return new QueryError(message, 0, 0)
}
