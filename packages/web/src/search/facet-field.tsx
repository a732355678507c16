/** The values of one field, each to ask for alone, beside others, or not at all. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Facet } from '../api/answers.ts'
import { useSession } from '../session/session.tsx'
import {
  equals,
  filterText,
  not,
  type QueryEdit,
  valuesOf,
  withAlso,
  withCondition,
  withOnly,
  withoutField,
} from './edit-query.ts'
import styles from './facets.module.css'
import { useQueryLanguage } from './query-language.ts'
import { askedOf, type SearchState } from './search-state.ts'

interface FacetFieldProps {
  /** Its values among what was found. */
  readonly facet: Facet
  readonly state: SearchState
  readonly isPinned: boolean
  readonly onPin: () => void
  /** Of a field that was added by hand. */
  readonly onRemove: (() => void) | undefined
  readonly onEdit: (edit: QueryEdit) => void
}

const FOUND_SHOWN = 20
const OTHERS_SHOWN = 8

export function FacetField({ facet, state, isPinned, onPin, onRemove, onEdit }: FacetFieldProps) {
  const { field } = facet
  const language = useQueryLanguage()
  const asked = language === undefined ? [] : valuesOf(language, state.q, field)
  const { values, distinct } = useBesideAsked(facet, state, asked.length > 0)
  const [prefix, setPrefix] = useState('')
  const found = useValues(state.ledger, field, prefix)
  const shown = prefix === '' ? values : (found ?? [])
  const isLong = distinct > values.length
  return (
    <section aria-label={field}>
      <h2 className={styles.name}>
        <span className={styles.field}>{field}</span>
        {isLong && <span className={styles.count}>{distinct.toLocaleString('en')}</span>}
        {onRemove !== undefined && (
          <button type="button" className={styles.sign} aria-label={`Remove ${field}`} onClick={onRemove}>
            ×
          </button>
        )}
        <button
          type="button"
          className={styles.sign}
          aria-pressed={isPinned}
          aria-label={`Keep ${field} at the top`}
          title={isPinned ? 'Kept at the top' : 'Keep at the top'}
          onClick={onPin}
        >
          {isPinned ? '★' : '☆'}
        </button>
      </h2>
      {isLong && (
        <input
          className={styles.search}
          value={prefix}
          placeholder="begins with …"
          aria-label={`Values of ${field} that begin with`}
          onChange={(event) => setPrefix(event.target.value)}
        />
      )}
      <ul>
        {shown.map(({ value, count }) => (
          <li key={value} data-asked={asked.includes(value)}>
            <button
              type="button"
              className={styles.value}
              title={`Only ${field}:${value}`}
              onClick={() => onEdit((l, q) => withOnly(l, q, field, value))}
            >
              <span dir="auto">{value}</span>
              <span className={styles.count}>{count.toLocaleString('en')}</span>
            </button>
            {asked.length > 0 && !asked.includes(value) && (
              <button
                type="button"
                className={styles.sign}
                aria-label={`Also ${field} ${value}`}
                title={`Also ${field}:${value}`}
                onClick={() => onEdit((l, q) => withAlso(l, q, field, value))}
              >
                +
              </button>
            )}
            <button
              type="button"
              className={styles.sign}
              aria-label={`Without ${field} ${value}`}
              title={`Without ${field}:${value}`}
              onClick={() => onEdit((l, q) => withCondition(l, q, not(equals(field, value))))}
            >
              −
            </button>
          </li>
        ))}
        {prefix !== '' && found?.length === 0 && <li className={styles.none}>none</li>}
      </ul>
    </section>
  )
}

/** Of a field that is asked for, the values that there would be otherwise, so that another can be put beside. */
function useBesideAsked(facet: Facet, state: SearchState, isAsked: boolean): Facet {
  const { client } = useSession()
  const language = useQueryLanguage()
  const q = language === undefined ? '' : withoutField(language, filterText(state.q), facet.field)
  const parameters = { ...askedOf(state), q, fields: facet.field, limit: OTHERS_SHOWN }
  const found = useQuery({
    queryKey: ['facets', parameters],
    queryFn: ({ signal }) => client.get<{ facets: readonly Facet[] }>('v1/facets', { parameters, signal }),
    enabled: isAsked && language !== undefined,
  }).data?.facets[0]
  if (!isAsked || found === undefined) return facet
  return { ...found, values: found.values.filter(({ value }) => value !== '') }
}

/** Of the whole ledger; undefined while nothing is searched for. */
function useValues(ledger: string, field: string, prefix: string): Facet['values'] | undefined {
  const { client } = useSession()
  return useQuery({
    queryKey: ['values', ledger, field, prefix, FOUND_SHOWN],
    queryFn: ({ signal }) =>
      client.get<{ values: Facet['values'] }>(`v1/fields/${encodeURIComponent(field)}/values`, {
        parameters: { ledger, prefix, limit: FOUND_SHOWN },
        signal,
      }),
    enabled: prefix !== '',
    placeholderData: (before) => before,
  }).data?.values
}
