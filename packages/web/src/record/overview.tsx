/** Every field of a record, told by its group; a click on a value asks for it. */
import { type Filter, resolveField } from '@trailproof/core/query'
import type { ShownRecord } from '../api/answers.ts'
import { equals } from '../search/edit-query.ts'
import styles from './overview.module.css'

/** What the head of the panel, or another part, shows. */
const ELSEWHERE = new Set(['message', 'changes', 'ledger', 'index', 'schema', 'erased', 'masked'])
const DEPTH_MAX = 6

interface Line {
  readonly path: string
  readonly value: string
}

export function Overview({
  record,
  onAdd,
}: {
  readonly record: ShownRecord
  readonly onAdd: (condition: Filter) => void
}) {
  const lines = Object.entries(record)
    .filter(([name]) => !ELSEWHERE.has(name))
    .flatMap(([name, value]) => linesOf(name, value, 0))
  return (
    <>
      {record.erased !== undefined && (
        <p className={styles.note}>
          Personal data of this record was erased. The ledger says by whose authority.
        </p>
      )}
      {record.masked !== undefined && (
        <p className={styles.note}>Parts of this record are masked for you: {record.masked.join(', ')}.</p>
      )}
      <dl className={styles.lines}>
        {lines.map(({ path, value }) => (
          <div key={path}>
            <dt>{path}</dt>
            <dd dir="auto">
              <span>{value}</span>
              {resolveField(fieldOf(path)) !== undefined && value !== '' && (
                <button
                  type="button"
                  title={`Only records with this ${fieldOf(path)}`}
                  aria-label={`Only records with this ${fieldOf(path)}`}
                  onClick={() => onAdd(equals(fieldOf(path), value))}
                >
                  ⊕
                </button>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function linesOf(path: string, value: unknown, depth: number): Line[] {
  if (value === null || value === undefined) return []
  if (typeof value !== 'object')
    return [{ path, value: typeof value === 'string' ? value : JSON.stringify(value) }]
  if (depth >= DEPTH_MAX) return [{ path, value: JSON.stringify(value) }]
  return Array.isArray(value)
    ? value.flatMap((item: unknown, i) => linesOf(`${path}[${i}]`, item, depth + 1))
    : Object.entries(value).flatMap(([name, item]) => linesOf(`${path}.${name}`, item, depth + 1))
}

/** A query names no places in lists. */
function fieldOf(path: string): string {
  return path.replaceAll(/\[\d+\]/g, '')
}
