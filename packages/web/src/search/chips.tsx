/** The query as conditions that can be taken out or turned around one by one; the text stays what counts. */
import styles from './chips.module.css'
import { conditionsOf } from './edit-query.ts'
import { useQueryLanguage } from './query-language.ts'

interface ChipsProps {
  readonly query: string
  readonly onChange: (query: string) => void
}

export function Chips({ query, onChange }: ChipsProps) {
  const language = useQueryLanguage()
  const conditions = language === undefined ? [] : conditionsOf(language, query)
  if (conditions.length === 0) return null
  return (
    <ul className={styles.chips} aria-label="Conditions">
      {conditions.map(({ text, isNegated, without, inverted }, i) => (
        <li key={`${i} ${text}`} className={styles.chip} data-negated={isNegated}>
          <button
            type="button"
            className={styles.text}
            title={isNegated ? 'Ask for these instead' : 'Leave these out instead'}
            aria-label={`${isNegated ? 'Ask for' : 'Leave out'} instead: ${text}`}
            onClick={() => onChange(inverted)}
          >
            <span dir="auto">{text}</span>
          </button>
          <button
            type="button"
            className={styles.remove}
            title="Take this condition out"
            aria-label={`Take out: ${text}`}
            onClick={() => onChange(without)}
          >
            ×
          </button>
        </li>
      ))}
    </ul>
  )
}
