/**
 * Over the cell that is pointed at: ask for its value alone, or leave it out. Whoever uses no pointer finds the same beside each value of
 * an opened record.
 */
import { type RefObject, useEffect, useState } from 'react'
import styles from './cell-actions.module.css'
import { equals, not, type QueryEdit, withCondition, withOnly } from './edit-query.ts'

interface CellActionsProps {
  readonly list: RefObject<HTMLElement | null>
  readonly onEdit: (edit: QueryEdit) => void
}

interface Place {
  readonly field: string
  readonly value: string
  readonly top: number
  readonly left: number
}

/** Of both buttons, in px, as in the style. No column is narrower than twice as much. */
const WIDTH = 46

export function CellActions({ list, onEdit }: CellActionsProps) {
  const [place, setPlace] = useState<Place>()
  useEffect(() => {
    const element = list.current
    if (element === null) return undefined
    const onOver = ({ target, clientX, pointerType }: PointerEvent): void => {
      if (pointerType !== 'mouse') return
      const cell = (target as Element).closest<HTMLElement>('[role=gridcell]')
      const { field, value } = cell?.dataset ?? {}
      if (cell === null || field === undefined || value === undefined) return setPlace(undefined)
      const { top, left, right } = cell.getBoundingClientRect()
      const end = Math.min(right, element.getBoundingClientRect().right) - WIDTH
      // Never under the pointer: whoever clicks a row means the row.
      setPlace({ field, value, top, left: clientX < end ? end : left })
    }
    const hide = (): void => setPlace(undefined)
    const abort = new AbortController()
    element.addEventListener('pointerover', onOver, { signal: abort.signal })
    element.addEventListener('scroll', hide, { signal: abort.signal })
    // The record that is opened takes room from the list.
    element.addEventListener('click', hide, { signal: abort.signal })
    element.parentElement?.addEventListener('pointerleave', hide, { signal: abort.signal })
    return () => abort.abort()
  }, [list])
  if (place === undefined) return null
  const { field, value, top, left } = place
  const run = (edit: QueryEdit): void => {
    setPlace(undefined)
    onEdit(edit)
  }
  return (
    <div className={styles.actions} aria-hidden="true" style={{ top, left }}>
      <button
        type="button"
        tabIndex={-1}
        title={`Only ${field}:${value}`}
        onClick={() => run((l, q) => withOnly(l, q, field, value))}
      >
        =
      </button>
      <button
        type="button"
        tabIndex={-1}
        title={`Without ${field}:${value}`}
        onClick={() => run((l, q) => withCondition(l, q, not(equals(field, value))))}
      >
        −
      </button>
    </div>
  )
}
