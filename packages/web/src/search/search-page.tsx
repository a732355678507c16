import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Filter } from '@trailproof/core/query'
import { lazy, Suspense, useEffect, useRef, useState } from 'react'
import type { Histogram as Counts } from '../api/answers.ts'
import { useCommands } from '../commands/commands.ts'
import { Button } from '../parts/button.tsx'
import { counted } from '../parts/counted.ts'
import { Loading } from '../parts/states.tsx'
import { useKept } from '../parts/use-kept.ts'
import { useSession } from '../session/session.tsx'
import { Chips } from './chips.tsx'
import { ColumnChoice } from './column-choice.tsx'
import { between, filterText, not, type QueryEdit, withCondition } from './edit-query.ts'
import { Facets } from './facets.tsx'
import { Histogram } from './histogram.tsx'
import { termsOf } from './marked.tsx'
import { QueryBar } from './query-bar.tsx'
import { loadQueryLanguage, useQueryLanguage } from './query-language.ts'
import { Results } from './results.tsx'
import { SavedMenu } from './saved-menu.tsx'
import styles from './search-page.module.css'
import { askedOf, type SearchState } from './search-state.ts'
import { TimeRange } from './time-range.tsx'
import { type FoundRecords, useFound } from './use-found.ts'

/** Comes with what proves a record, which the first view does without. */
const RecordPanel = lazy(() => import('../record/record-panel.tsx'))

/** What few come for, and only when they ask for it. */
const ListProof = lazy(() => import('../proof/list-proof.tsx'))
const ExportDialog = lazy(() => import('../export/export-dialog.tsx'))

const BUCKETS = 90

interface SearchPageProps {
  readonly state: SearchState
  readonly onChange: (change: Partial<SearchState>) => void
}

export function SearchPage({ state, onChange }: SearchPageProps) {
  const asked = askedOf(state)
  const found = useFound(asked)
  const counts = useCounts(asked)
  const terms = termsOf(useQueryLanguage(), state.q)
  const [keptColumns, keepColumns] = useKept('columns')
  const [isFiltering, setFiltering] = useState(false)
  const [isOpen, setOpen] = useState<'proof' | 'export'>()
  const { may } = useSession()
  const ledger = state.ledger || found.first?.ledger || ''
  const columns = state.columns === '' ? keptColumns : state.columns.split(',')

  const ask = (q: string): void => onChange({ q, record: '' })
  const edit = (change: QueryEdit): void =>
    void loadQueryLanguage().then((language) => ask(change(language, state.q))) // a page of ours that cannot be loaded any more is shown by the next search
  const add = (condition: Filter): void => edit((language, q) => withCondition(language, q, condition))

  const mayTake = may('export')
  const isWhole = filterText(state.q) === state.q.trim()
  // The records of one query are not proved by those of another.
  const canProve = !state.live && !found.isOfBefore && found.records.length > 0
  useCommands([
    { title: 'Ask', key: '/', run: () => document.querySelector<HTMLElement>('#query')?.focus() },
    { title: 'Choose the time', key: 'd', run: () => document.querySelector<HTMLElement>('#time')?.click() },
    { title: 'Live, or not', key: 'l', run: () => onChange({ live: !state.live, record: '' }) },
    ...(mayTake
      ? [
          { title: 'Prove the list', key: 'p', run: () => canProve && setOpen('proof') },
          { title: 'Export', key: 'e', run: () => setOpen('export') },
        ]
      : []),
  ])

  useFocusAfter(state.record !== '')

  return (
    <main className={styles.page} tabIndex={-1}>
      <h1 className="for-readers-only">Records</h1>
      <div className={styles.ask}>
        <QueryBar query={state.q} ledger={state.ledger} onRun={ask} />
        <SavedMenu query={state.q} ledger={state.ledger} onRun={ask} />
        <Button
          aria-pressed={state.live}
          className={styles.live}
          onClick={() => onChange({ live: !state.live, record: '' })}
        >
          <span aria-hidden="true">●</span> Live
        </Button>
        <TimeRange range={state} onChange={(range) => onChange({ ...range, record: '' })} />
        <Chips query={state.q} onChange={ask} />
      </div>
      <div className={styles.counts}>
        {counts !== undefined && counts.buckets.length > 0 && (
          <Histogram
            counts={counts}
            onTake={(from, to) => onChange({ last: '', from, to, record: '' })}
            onLeaveOut={(from, to) => add(not(between(from, to)))}
          />
        )}
      </div>
      <div className={styles.summary}>
        <p role="status" aria-live="polite">
          {summaryOf(found, counts)}
        </p>
        {mayTake && (
          <>
            <Button kind="quiet" disabled={!canProve} onClick={() => setOpen('proof')}>
              Prove
            </Button>
            <Button kind="quiet" onClick={() => setOpen('export')}>
              Export
            </Button>
          </>
        )}
        <Button
          kind="quiet"
          className={styles.filter}
          aria-expanded={isFiltering}
          onClick={() => setFiltering(!isFiltering)}
        >
          Values
        </Button>
        <ColumnChoice
          names={columns}
          ledger={state.ledger}
          onChange={(names) => {
            keepColumns(names)
            onChange({ columns: names.join(',') })
          }}
        />
      </div>
      <div className={styles.results} data-with-record={state.record !== ''} data-filtering={isFiltering}>
        <aside className={styles.facets}>
          <Facets state={state} onEdit={edit} />
        </aside>
        <section className={styles.list} aria-busy={found.isFetching}>
          <Results
            state={state}
            found={found}
            columns={columns}
            terms={terms}
            onChange={onChange}
            onEdit={edit}
          />
        </section>
        {state.record !== '' && (
          <Suspense fallback={<Loading what="the record" />}>
            <RecordPanel
              ledger={ledger}
              id={state.record}
              // Of what is cut to some fields, the panel asks for the rest.
              known={isWhole ? found.records.find(({ id }) => id === state.record) : undefined}
              onAdd={add}
              onChoose={(record) => onChange({ record })}
              onClose={() => onChange({ record: '' })}
            />
          </Suspense>
        )}
      </div>
      <Suspense>
        {isOpen === 'proof' && found.records.length > 0 && (
          <ListProof
            ledger={ledger}
            query={filterText(state.q)}
            records={found.records}
            onClose={() => setOpen(undefined)}
          />
        )}
        {isOpen === 'export' && (
          <ExportDialog
            asked={{ ...asked, q: filterText(state.q) }}
            ledger={ledger}
            onClose={() => setOpen(undefined)}
          />
        )}
      </Suspense>
    </main>
  )
}

/** A record that is closed takes the focus with it; it goes back to the list. */
function useFocusAfter(isOpen: boolean): void {
  const wasOpen = useRef(false)
  useEffect(() => {
    if (wasOpen.current && !isOpen && document.activeElement === document.body)
      document.querySelector<HTMLElement>('[role=grid]')?.focus({ preventScroll: true })
    wasOpen.current = isOpen
  }, [isOpen])
}

/** Over time, of what is found before anything is made of it. */
function useCounts(asked: Readonly<Record<string, string>>): Counts | undefined {
  const { client } = useSession()
  const filter = { ...asked, q: filterText(asked['q'] ?? '') }
  return useQuery({
    queryKey: ['histogram', filter],
    queryFn: ({ signal }) =>
      client.get<Counts>('v1/histogram', {
        parameters: { ...filter, by: 'outcome', buckets: BUCKETS },
        signal,
      }),
    placeholderData: keepPreviousData,
  }).data
}

function summaryOf({ first }: FoundRecords, counts: Counts | undefined): string {
  if (first === undefined) return ''
  const total = counts?.buckets.reduce((sum, { count }) => sum + count, 0)
  const behind = first.size - first.indexed_size
  return [
    total === undefined ? '' : counted(total, 'record'),
    first.took_ms === undefined ? '' : `found in ${Math.round(first.took_ms)} ms`,
    first.complete ? '' : 'the search ended early, there may be more',
    behind > 0 ? `${behind.toLocaleString('en')} newest are not indexed yet` : '',
  ]
    .filter((text) => text !== '')
    .join(' · ')
}
