/** Values of fields among what was found, for those fields that whoever looks has chosen. */
import { useQuery } from '@tanstack/react-query'
import type { Facet } from '../api/answers.ts'
import { ApiProblem } from '../api/problem.ts'
import { Failed } from '../parts/states.tsx'
import { useKept } from '../parts/use-kept.ts'
import { useSession } from '../session/session.tsx'
import { filterText, type QueryEdit } from './edit-query.ts'
import { FacetField } from './facet-field.tsx'
import styles from './facets.module.css'
import { FieldChoice } from './field-choice.tsx'
import { askedOf, type SearchState } from './search-state.ts'

const USUAL = ['outcome', 'service', 'action', 'actor_type', 'severity', 'environment', 'kind']
const VALUES_SHOWN = 8
/** Of fields that are looked at: each is counted anew at every search. */
const FIELDS_MAX = 16

interface FacetsProps {
  readonly state: SearchState
  readonly onEdit: (edit: QueryEdit) => void
}

export function Facets({ state, onEdit }: FacetsProps) {
  const { client } = useSession()
  const [pinned, pin] = useKept('facets.pinned')
  const [added, add] = useKept('facets.added')
  const names = [...new Set([...pinned, ...USUAL, ...added])].slice(0, FIELDS_MAX)
  const asked = { ...askedOf(state), q: filterText(state.q) }
  const facets = useQuery({
    queryKey: ['facets', asked, names],
    queryFn: ({ signal }) =>
      client.get<{ facets: readonly Facet[] }>('v1/facets', {
        parameters: { ...asked, fields: names.join(','), limit: VALUES_SHOWN },
        signal,
      }),
    placeholderData: (before) => before,
  })
  if (facets.error)
    return (
      <Failed
        error={facets.error}
        onRetry={() => {
          // One that cannot be counted would fail for ever; a server that is away comes back.
          if (facets.error instanceof ApiProblem && facets.error.status < 500) {
            add([])
            pin([])
          }
          void facets.refetch() // its fault is shown
        }}
      />
    )
  const found = facets.data?.facets ?? []
  return (
    <nav className={styles.facets} aria-label="Values of fields">
      {found
        // Nothing said is no value.
        .map((facet) => ({ ...facet, values: facet.values.filter(({ value }) => value !== '') }))
        .filter(({ field, values }) => values.length > 0 || pinned.includes(field) || added.includes(field))
        .map((facet) => (
          <FacetField
            key={facet.field}
            facet={facet}
            state={state}
            isPinned={pinned.includes(facet.field)}
            onPin={() => pin(toggled(pinned, facet.field))}
            onRemove={
              added.includes(facet.field)
                ? () => add(added.filter((name) => name !== facet.field))
                : undefined
            }
            onEdit={onEdit}
          />
        ))}
      {names.length < FIELDS_MAX ? (
        <FieldChoice
          ledger={state.ledger}
          title="Another field …"
          without={names}
          onChoose={(name) => add([...added, name])}
        />
      ) : (
        <p className={styles.none}>{FIELDS_MAX} fields are counted at most.</p>
      )}
    </nav>
  )
}

function toggled(list: readonly string[], name: string): readonly string[] {
  return list.includes(name) ? list.filter((each) => each !== name) : [...list, name]
}
