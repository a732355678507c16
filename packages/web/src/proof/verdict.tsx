/** What came of judging evidence, in words and with a seal. */
import type { ReactNode } from 'react'
import type { Judgement } from './judgement.ts'
import styles from './verdict.module.css'

const SIGNS = { intact: '✓', unproven: '?', broken: '✕' } as const

interface VerdictProps {
  readonly judgement: Judgement
  /** For each verdict the word on the seal, and what it means. */
  readonly words: Readonly<Record<Judgement['verdict'], readonly [string, string]>>
  readonly children?: ReactNode
}

export function Verdict({ judgement, words, children }: VerdictProps) {
  const { verdict, fault, proven, missing } = judgement
  const [word, meaning] = words[verdict]
  return (
    <section className={styles.verdict} data-verdict={verdict} aria-label="Verdict">
      <p className={styles.seal}>
        <span aria-hidden="true">{SIGNS[verdict]}</span> {word}
      </p>
      <p>{meaning}</p>
      {fault !== undefined && (
        <p role="alert" className={styles.fault}>
          {fault}
        </p>
      )}
      <Sentences title="What was checked, in this browser" of={proven} />
      <Sentences title="What is lacking" of={missing} />
      {children}
    </section>
  )
}

function Sentences({ title, of: sentences }: { readonly title: string; readonly of: readonly string[] }) {
  if (sentences.length === 0) return null
  return (
    <>
      <h2>{title}</h2>
      <ul className={styles.sentences}>
        {sentences.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </>
  )
}
