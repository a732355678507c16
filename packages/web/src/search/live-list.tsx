/** The list of a live tail. It never moves under somebody who reads: what comes meanwhile waits, and is counted. */
import { useCallback, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Empty, Failed } from '../parts/states.tsx'
import { filterText } from './edit-query.ts'
import styles from './live-list.module.css'
import { RecordTable, type RecordTableProps } from './record-table.tsx'
import type { SearchState } from './search-state.ts'
import { useTail } from './use-tail.ts'

interface LiveListProps extends Pick<RecordTableProps, 'columns' | 'terms' | 'onChoose' | 'onEdit'> {
  readonly state: SearchState
}

export function LiveList({ state, ...table }: LiveListProps) {
  const [isScrolled, setScrolled] = useState(false)
  // What is made of records takes all of them; a tail has no end.
  const asked = { q: filterText(state.q), ledger: state.ledger }
  const tail = useTail(asked, isScrolled || state.record !== '')
  const { release } = tail
  const onScrolled = useCallback(
    (scrolled: boolean) => {
      setScrolled(scrolled)
      if (!scrolled && state.record === '') release()
    },
    [release, state.record],
  )
  return (
    <div className={styles.live}>
      <p className={styles.status} role="status" aria-live="polite">
        {tail.state === 'open' ? 'Live' : tail.state === 'connecting' ? 'Connecting …' : 'Ended'}
        {tail.heldCount > 0 && (
          <Button onClick={release}>
            Show {tail.heldCount.toLocaleString('en')} new {tail.heldCount === 1 ? 'record' : 'records'}
          </Button>
        )}
      </p>
      {tail.state === 'ended' ? (
        <Failed error={tail.problem} onRetry={tail.retry} />
      ) : tail.records.length === 0 ? (
        <Empty title="Nothing yet">
          <p>Records that answer the query are shown here as they are recorded.</p>
        </Empty>
      ) : (
        <RecordTable records={tail.records} {...table} chosen={state.record} onScrolled={onScrolled} />
      )}
    </div>
  )
}
