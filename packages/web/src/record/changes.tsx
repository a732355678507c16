/** Before and after, side by side; what was masked or erased is said, not shown as equal. */
import type { Change } from '../api/answers.ts'
import styles from './changes.module.css'
import { differences } from './differences.ts'

export function Changes({ changes }: { readonly changes: readonly Change[] }) {
  return (
    <table className={styles.changes}>
      <thead>
        <tr>
          <th scope="col">What</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        {changes.flatMap(differences).map((change) => (
          <tr key={change.path}>
            <th scope="row">{change.path}</th>
            <td className={styles.old}>{shown(change, 'old')}</td>
            <td className={styles.new}>{shown(change, 'new')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function shown(change: Change, side: 'old' | 'new') {
  if (change.redacted) return <em>masked</em>
  const value = change[side]
  if (value === '***') return <em>masked</em>
  if (value === undefined) return <em>not there</em>
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2)
}
