import { ApiProblem } from '../api/problem.ts'
import styles from './notice.module.css'
import { messageOf } from './states.tsx'

/** What went wrong, and with which fields of what was sent. */
export function ProblemText({ error }: { readonly error: unknown }) {
  return (
    <div role="alert" className={styles.problem}>
      <p>{messageOf(error)}</p>
      <ul>
        {problemsOf(error).map(({ field, message }) => (
          <li key={`${field} ${message}`}>
            <code>{field === '' ? 'record' : field}</code> {message}
          </li>
        ))}
      </ul>
    </div>
  )
}

interface FieldProblem {
  readonly field: string
  readonly message: string
}

function problemsOf(error: unknown): readonly FieldProblem[] {
  const problems = error instanceof ApiProblem ? error.problem['problems'] : undefined
  return Array.isArray(problems) ? (problems as FieldProblem[]) : []
}
