import { type ReactNode, useId } from 'react'
import styles from './panel.module.css'

interface PanelProps {
  readonly title: string
  /** What can be done, beside the title. */
  readonly acts?: ReactNode
  readonly children: ReactNode
}

/** A part of a page, under a title of its own. */
export function Panel({ title, acts, children }: PanelProps) {
  const id = useId()
  return (
    <section className={styles.panel} aria-labelledby={id}>
      <header className={styles.head}>
        <h2 id={id}>{title}</h2>
        {acts}
      </header>
      {children}
    </section>
  )
}
