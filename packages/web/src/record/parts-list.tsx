/** What a service did on its way, or whom it called: one after another, with how long each took. */
import { JsonTree } from '../parts/json-tree.tsx'
import { SIGNS } from '../search/outcomes.ts'
import { msText } from '../time/format-time.ts'
import styles from './parts-list.module.css'

export type Part = Readonly<Record<string, unknown>>

/** Told in the line itself. */
const TOLD = new Set(['name', 'type', 'latency_ms', 'offset_ms', 'error'])

export function PartsList({ parts }: { readonly parts: readonly Part[] }) {
  return (
    <ol className={styles.parts}>
      {parts.map((part, i) => (
        // oxlint-disable-next-line react/no-array-index-key -- nothing else tells two alike apart, and they stay in their order
        <li key={i}>
          <Line part={part} place={i + 1} />
        </li>
      ))}
    </ol>
  )
}

function Line({ part, place }: { readonly part: Part; readonly place: number }) {
  const { name, type, latency_ms: latency, offset_ms: offset, error } = part
  const others = Object.fromEntries(Object.entries(part).filter(([member]) => !TOLD.has(member)))
  const hasFailed = error !== undefined && error !== null
  return (
    <>
      <p className={styles.line}>
        {typeof type === 'string' && <span className={styles.type}>{type}</span>}
        <strong dir="auto">{typeof name === 'string' ? name : `number ${place}`}</strong>
        <span className={styles.figures}>
          {typeof offset === 'number' && `at ${msText(offset)} `}
          {typeof latency === 'number' && `· ${msText(latency)}`}
        </span>
      </p>
      {hasFailed && (
        <div className={styles.error}>
          {SIGNS.failure} <JsonTree value={error} />
        </div>
      )}
      {Object.keys(others).length > 0 && <JsonTree value={others} isOpen={false} />}
    </>
  )
}
