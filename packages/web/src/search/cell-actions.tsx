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
  readonly right: number
}

export function CellActions({ list, onEdit }: CellActionsProps) {
  const [place, setPlace] = useState<Place>()
  useEffect(() => {
    const element = list.current
    if (element === null) return undefined
    const onOver = ({ target }: Event): void => {
      const cell = (target as Element).closest<HTMLElement>('[role=gridcell]')
      const { field, value } = cell?.dataset ?? {}
      if (cell === null || field === undefined || value === undefined) return setPlace(undefined)
      const { top, right } = cell.getBoundingClientRect()
      setPlace({ field, value, top, right: Math.min(right, element.getBoundingClientRect().right) })
    }
    const hide = (): void => setPlace(undefined)
    const abort = new AbortController()
    element.addEventListener('pointerover', onOver, { signal: abort.signal })
    element.addEventListener('scroll', hide, { signal: abort.signal })
    element.parentElement?.addEventListener('pointerleave', hide, { signal: abort.signal })
    return () => abort.abort()
  }, [list])
  if (place === undefined) return null
  const { field, value, top, right } = place
  const run = (edit: QueryEdit): void => {
    setPlace(undefined)
    onEdit(edit)
  }
  return (
    <div className={styles.actions} aria-hidden="true" style={{ top, left: right }}>
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
