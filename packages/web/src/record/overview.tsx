/** Every field of a record, told by its group; a click on a value asks for it. */
import { Link } from '@tanstack/react-router'
import { type Filter, resolveField } from '@trailproof/core/query'
import type { ShownRecord } from '../api/answers.ts'
import { equals } from '../search/edit-query.ts'
import styles from './overview.module.css'

/** What the head of the panel, or another part, shows. */
const ELSEWHERE = new Set([
  'message',
  'changes',
  'ledger',
  'index',
  'schema',
  'erased',
  'masked',
  'request',
  'response',
  'internal_steps',
  'integrations',
])
const DEPTH_MAX = 6
/** Of a record that has more targets than anybody follows from here. */
const TARGETS_MAX = 5

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
      <Histories record={record} />
      <dl className={styles.lines}>
        {lines.map(({ path, value }) => (
          <div key={path}>
            <dt>{path}</dt>
            <dd>
              <span dir="auto">{value}</span>
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

/** Ways to what else the actor did, and to what else happened to the targets. */
function Histories({ record: { actor, targets = [], ledger } }: { readonly record: ShownRecord }) {
  const named = targets.filter(({ type, id }) => type && id).slice(0, TARGETS_MAX)
  if (!actor?.id && named.length === 0) return null
  return (
    <p className={styles.histories}>
      {actor?.id && (
        <Link to="/history" search={{ actor: actor.id, ledger }}>
          What {actor.name ?? actor.id} did
        </Link>
      )}
      {named.map(({ type, id }) => (
        <Link key={`${type}:${id}`} to="/history" search={{ target: `${type}:${id}`, ledger }}>
          What happened to {type} {id}
        </Link>
      ))}
    </p>
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
