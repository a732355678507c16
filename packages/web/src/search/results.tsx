/** What was found: records, a table, or why there is neither. */
import { Button } from '../parts/button.tsx'
import { Empty, Failed, Loading, messageOf } from '../parts/states.tsx'
import { LiveList } from './live-list.tsx'
import { RecordTable, type RecordTableProps } from './record-table.tsx'
import styles from './results.module.css'
import type { SearchState } from './search-state.ts'
import { TableResult } from './table-result.tsx'
import type { FoundRecords } from './use-found.ts'

interface ResultsProps extends Pick<RecordTableProps, 'columns' | 'terms' | 'onEdit'> {
  readonly state: SearchState
  readonly found: FoundRecords
  readonly onChange: (change: Partial<SearchState>) => void
}

export function Results({ state, found, onChange, ...table }: ResultsProps) {
  const onChoose = (record: string): void => onChange({ record })
  if (state.live) return <LiveList state={state} onChoose={onChoose} {...table} />
  if (found.error !== null && found.first === undefined)
    return <Failed error={found.error} onRetry={found.retry} />
  if (found.table !== undefined) return <TableResult table={found.table} onEdit={table.onEdit} />
  if (found.isPending) return <Loading what="records" />
  if (found.records.length === 0) return <NothingFound state={state} onChange={onChange} />
  return (
    <>
      <RecordTable
        records={found.records}
        chosen={state.record}
        onChoose={onChoose}
        onEnd={found.loadMore}
        {...table}
      />
      {found.error !== null && (
        <p role="alert" className={styles.fault}>
          {messageOf(found.error)} <Button onClick={found.retry}>Try again</Button>
        </p>
      )}
    </>
  )
}

/** What can be done about it: ask of more time, ask for more, or record something. */
function NothingFound({ state: { q, last, from, to }, onChange }: Pick<ResultsProps, 'state' | 'onChange'>) {
  if (last !== '' || from !== '' || to !== '')
    return (
      <Empty title="Nothing found">
        <p>No record of this time answers the query.</p>
        <Button onClick={() => onChange({ last: '', from: '', to: '' })}>Look at all time</Button>
      </Empty>
    )
  if (q !== '')
    return (
      <Empty title="Nothing found">
        <p>No record answers the query.</p>
        <Button onClick={() => onChange({ q: '' })}>Look at all records</Button>
      </Empty>
    )
  return (
    <Empty title="No records yet">
      <p>
        What services send stands here at once. <code>trailproof demo</code> fills a ledger with an invented
        shop.
      </p>
    </Empty>
  )
}
