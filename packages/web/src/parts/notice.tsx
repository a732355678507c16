import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { copyText } from './copy-text.ts'
import styles from './notice.module.css'

/** What came of what was done. It is told to whoever hears the page, and so always there. */
export function Notice({ children }: { readonly children?: ReactNode }) {
  return (
    <div role="status" className={styles.notice} data-empty={children === undefined || children === false}>
      {children}
    </div>
  )
}

interface SecretProps {
  readonly title: string
  readonly text: string
  readonly onDone: () => void
}

/** What is shown once and nowhere else. */
export function Secret({ title, text, onDone }: SecretProps) {
  return (
    <div className={styles.secret}>
      <p>
        <strong>{title}</strong> It is shown only now: keep it.
      </p>
      <code>{text}</code>
      <div className={styles.acts}>
        <Button kind="main" onClick={() => void copyText(text)}>
          Copy
        </Button>
        <Button onClick={onDone}>I have kept it</Button>
      </div>
    </div>
  )
}
