import { type ReactNode, useEffect, useId, useRef } from 'react'
import styles from './panel.module.css'

interface PanelProps {
  readonly title: string
  /** What can be done, beside the title. */
  readonly acts?: ReactNode
  /** Whether it came because it was asked for: it is gone to then. */
  readonly isOpened?: boolean
  readonly children: ReactNode
}

/** A part of a page, under a title of its own. */
export function Panel({ title, acts, isOpened = false, children }: PanelProps) {
  const id = useId()
  const panel = useRef<HTMLElement>(null)
  useEffect(() => {
    if (isOpened) panel.current?.focus()
  }, [isOpened])
  return (
    <section ref={panel} className={styles.panel} aria-labelledby={id} tabIndex={isOpened ? -1 : undefined}>
      <header className={styles.head}>
        <h2 id={id}>{title}</h2>
        {acts}
      </header>
      {children}
    </section>
  )
}
