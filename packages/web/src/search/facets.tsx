import { useQuery } from '@tanstack/react-query'
import type { Filter } from '@trailproof/core/query'
import type { Facet } from '../api/answers.ts'
import { Failed } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { equals, not } from './edit-query.ts'
import styles from './facets.module.css'
import { askedOf, type SearchState } from './search-state.ts'

const FIELDS = ['outcome', 'service', 'action', 'actor_type', 'severity', 'environment', 'kind']
const VALUES_SHOWN = 8

interface FacetsProps {
  readonly state: SearchState
  readonly onAdd: (condition: Filter) => void
}

export function Facets({ state, onAdd }: FacetsProps) {
  const { client } = useSession()
  const asked = askedOf(state)
  const facets = useQuery({
    queryKey: ['facets', asked],
    queryFn: ({ signal }) =>
      client.get<{ facets: readonly Facet[] }>('v1/facets', {
        parameters: { ...asked, fields: FIELDS.join(','), limit: VALUES_SHOWN },
        signal,
      }),
    placeholderData: (before) => before,
  })
  if (facets.error) return <Failed error={facets.error} onRetry={() => void facets.refetch()} />
  return (
    <nav className={styles.facets} aria-label="Values of fields">
      {(facets.data?.facets ?? [])
        // Nothing said is no value.
        .map((facet) => ({ ...facet, values: facet.values.filter(({ value }) => value !== '') }))
        .filter(({ values }) => values.length > 0)
        .map((facet) => (
          <section key={facet.field}>
            <h2>
              {facet.field}
              {facet.distinct > facet.values.length && <span> {facet.distinct}</span>}
            </h2>
            <ul>
              {facet.values.map(({ value, count }) => (
                <li key={value}>
                  <button
                    type="button"
                    className={styles.value}
                    title={`Only ${facet.field}:${value}`}
                    onClick={() => onAdd(equals(facet.field, value))}
                  >
                    <span>{value}</span>
                    <span className={styles.count}>{count.toLocaleString('en')}</span>
                  </button>
                  <button
                    type="button"
                    className={styles.out}
                    aria-label={`Without ${facet.field} ${value}`}
                    title={`Without ${facet.field}:${value}`}
                    onClick={() => onAdd(not(equals(facet.field, value)))}
                  >
                    −
                  </button>
                </li>
              ))}
            </ul>
          </section>
        ))}
    </nav>
  )
}
