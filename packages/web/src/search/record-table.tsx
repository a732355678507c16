/** The list of records: only what is in view is in the page, however long the list is. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { type KeyboardEvent, useEffect, useRef } from 'react'
import type { ShownRecord } from '../api/answers.ts'
import { useZone } from '../time/zone.tsx'
import { columnsOf } from './columns.tsx'
import styles from './record-table.module.css'

interface RecordTableProps {
  readonly records: readonly ShownRecord[]
  readonly columns: string
  /** Id of the record that is shown beside the list; '': none. */
  readonly chosen: string
  readonly onChoose: (id: string) => void
  /** Called when the end comes into view. */
  readonly onEnd?: () => void
  /** Called when the list is scrolled away from its beginning, and back there. */
  readonly onScrolled?: (isScrolled: boolean) => void
}

const ROW_HEIGHT = 32
const OVERSCAN = 12

export function RecordTable({
  records,
  columns: names,
  chosen,
  onChoose,
  onEnd,
  onScrolled,
}: RecordTableProps) {
  const { name: zone } = useZone()
  const scroller = useRef<HTMLDivElement>(null)
  const columns = columnsOf(names)
  const template = columns.map(({ width }) => width).join(' ')
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
    const row = Math.min(records.length - 1, Math.max(0, to))
    const record = records[row]
    if (record === undefined) return
    rows.scrollToIndex(row)
    onChoose(record.id)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
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

  return (
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
      <div className={styles.head} role="row" style={{ gridTemplateColumns: template }}>
        {columns.map(({ name, title }) => (
          <span key={name} role="columnheader">
            {title}
          </span>
        ))}
      </div>
      <div role="rowgroup" style={{ height: rows.getTotalSize(), position: 'relative' }}>
        {items.map(({ index: row, start }) => {
          const record = records[row]!
          return (
            <div
              key={record.id}
              id={`record-${record.id}`}
              className={styles.row}
              role="row"
              aria-rowindex={row + 2}
              aria-selected={record.id === chosen}
              style={{ gridTemplateColumns: template, transform: `translateY(${start}px)` }}
              onClick={() => onChoose(record.id)}
            >
              {columns.map((column) => (
                <span key={column.name} role="gridcell" dir="auto">
                  {column.show(record, zone)}
                </span>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}
