import styles from './admin.module.css'

const SIGNS = { good: '✓', bad: '✕', waits: '…', plain: '–' } as const

interface StateTextProps {
  readonly tone: keyof typeof SIGNS
  readonly children: string
}

/** A state in a word: a sign tells it, too, not its colour alone. */
export function StateText({ tone, children }: StateTextProps) {
  return (
    <span className={styles.state} data-tone={tone}>
      <span aria-hidden="true">{SIGNS[tone]}</span> {children}
    </span>
  )
}
