/** A JSON value that can be folded. What is folded is not in the page, however much it is. */
import { useState } from 'react'
import styles from './json-tree.module.css'

/** Of one list or object; the raw record has all. */
const MEMBERS_MAX = 500
const MASK = '***'

export function JsonTree({ value, isOpen = true }: { readonly value: unknown; readonly isOpen?: boolean }) {
  return (
    <div className={styles.tree}>
      <Value value={value} isOpen={isOpen} />
    </div>
  )
}

function Value({ value, isOpen }: { readonly value: unknown; readonly isOpen: boolean }) {
  if (typeof value !== 'object' || value === null) return <Scalar value={value} />
  const members = Object.entries(value)
  if (members.length === 0) return <code>{Array.isArray(value) ? '[]' : '{}'}</code>
  return <Members members={members} isList={Array.isArray(value)} isOpen={isOpen} />
}

interface MembersProps {
  readonly members: readonly (readonly [string, unknown])[]
  readonly isList: boolean
  readonly isOpen: boolean
}

function Members({ members, isList, isOpen }: MembersProps) {
  const [isShown, setShown] = useState(isOpen)
  const count = members.length.toLocaleString('en')
  const [one, many] = isList ? ['item', 'items'] : ['member', 'members']
  return (
    <details open={isShown} onToggle={(event) => setShown(event.currentTarget.open)}>
      <summary>
        {count} {members.length === 1 ? one : many}
      </summary>
      {isShown && (
        <ul>
          {members.slice(0, MEMBERS_MAX).map(([name, member]) => (
            <li key={name}>
              <span className={styles.name}>{name}</span> <Value value={member} isOpen={false} />
            </li>
          ))}
          {members.length > MEMBERS_MAX && <li>and more: the raw record has all</li>}
        </ul>
      )}
    </details>
  )
}

function Scalar({ value }: { readonly value: unknown }) {
  if (value === MASK) return <em>masked</em>
  return (
    <span className={styles.value} dir="auto">
      {typeof value === 'string' ? value : JSON.stringify(value)}
    </span>
  )
}
