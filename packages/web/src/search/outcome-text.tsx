import styles from './outcome-text.module.css'
import { outcomeOf, SIGNS } from './outcomes.ts'

/** How something ended: what was recorded, or that it is not known. */
export function OutcomeText({ outcome }: { readonly outcome: string | undefined }) {
  const known = outcomeOf(outcome)
  return (
    <span className={styles.outcome} data-outcome={known}>
      <span aria-hidden="true">{SIGNS[known]}</span> {outcome ?? 'unknown'}
    </span>
  )
}
