/** The list of records: only what is in view is in the page, however long the list is. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { ShownRecord } from '../api/answers.ts'
import { useCommands } from '../commands/commands.ts'
import { useZone } from '../time/zone.tsx'
import { CellActions } from './cell-actions.tsx'
import { columnsOf } from './columns.tsx'
import type { QueryEdit } from './edit-query.ts'
import { Marked, type Term } from './marked.tsx'
import styles from './record-table.module.css'

export interface RecordTableProps {
  readonly records: readonly ShownRecord[]
  /** Names; none for the usual columns. */
  readonly columns: readonly string[]
  /** What of the query is marked. */
  readonly terms: readonly Term[]
  /** Id of the record that is shown beside the list; '': none. */
  readonly chosen: string
  readonly onChoose: (id: string) => void
  readonly onEdit: (edit: QueryEdit) => void
  /** Called when the end comes into view. */
  readonly onEnd?: () => void
  /** Called when the list is scrolled away from its beginning, and back there. */
  readonly onScrolled?: (isScrolled: boolean) => void
}

const ROW_HEIGHT = 32
const OVERSCAN = 12
/** Of what is not usual; narrower is not read. */
const COLUMN_REM = 8.5
const USUAL_REM = 62

export function RecordTable({
  records,
  columns: names,
  terms,
  chosen,
  onChoose,
  onEdit,
  onEnd,
  onScrolled,
}: RecordTableProps) {
  const { name: zone } = useZone()
  const scroller = useRef<HTMLDivElement>(null)
  const columns = columnsOf(names)
  const row = {
    gridTemplateColumns: columns.map(({ width }) => width).join(' '),
    minWidth: `${names.length === 0 ? USUAL_REM : COLUMN_REM * columns.length}rem`,
  }
  const rows = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
  })
  const items = rows.getVirtualItems()
  const lastShown = items.at(-1)?.index ?? -1
  useEffect(() => {
    if (lastShown >= records.length - OVERSCAN) onEnd?.()
  }, [lastShown, records.length, onEnd])

  const at = records.findIndex(({ id }) => id === chosen)
  const move = (to: number): void => {
    const place = Math.min(records.length - 1, Math.max(0, to))
    const record = records[place]
    if (record === undefined) return
    rows.scrollToIndex(place)
    onChoose(record.id)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 20,
      PageUp: -20,
    }
    const step = steps[event.key]
    if (step !== undefined) move(at < 0 ? 0 : at + step)
    else if (event.key === 'Home') move(0)
    else if (event.key === 'End') move(records.length - 1)
    else return
    event.preventDefault()
  }

  useCommands([
    { title: 'Next record', key: 'j', run: () => move(at < 0 ? 0 : at + 1) },
    { title: 'Record before', key: 'k', run: () => move(at < 0 ? 0 : at - 1) },
  ])

  return (
    <div className={styles.frame}>
      <div
        ref={scroller}
        className={styles.table}
        role="grid"
        aria-label="Records"
        aria-rowcount={records.length + 1}
        tabIndex={0}
        aria-activedescendant={at >= 0 ? `record-${chosen}` : undefined}
        onKeyDown={onKeyDown}
        onScroll={(event) => onScrolled?.(event.currentTarget.scrollTop > 0)}
      >
        <div className={styles.head} role="row" style={row}>
          {columns.map(({ name, title }) => (
            <span key={name} role="columnheader">
              {title}
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map(({ index, start }) => {
            const record = records[index]!
            return (
              <div
                key={record.id}
                id={`record-${record.id}`}
                className={styles.row}
                role="row"
                aria-rowindex={index + 2}
                aria-selected={record.id === chosen}
                style={{ ...row, transform: `translateY(${start}px)` }}
                onClick={() => onChoose(record.id)}
              >
                {columns.map(({ name, show, asked }) => {
                  const shown = show(record, zone)
                  const { field, value } = asked?.(record) ?? {}
                  return (
                    <span
                      key={name}
                      role="gridcell"
                      dir="auto"
                      data-column={name}
                      data-field={field}
                      data-value={value}
                    >
                      {typeof shown === 'string' ? (
                        <Marked text={shown} terms={terms} field={field} />
                      ) : (
                        shown
                      )}
                    </span>
                  )
                })}
              </div>
            )
          })}
        </div>
      </div>
      <CellActions list={scroller} onEdit={onEdit} />
    </div>
  )
}
