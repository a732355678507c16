/** The request that was received, or the response that was sent. */
import { JsonTree } from '../parts/json-tree.tsx'
import styles from './exchange.module.css'

/** In the order in which they are told; what else there is comes between the headers and the body. */
const FIRST = ['method', 'status', 'status_code', 'route', 'path', 'url']
const LAST = ['headers', 'body']

export function Exchange({ of: members }: { readonly of: Readonly<Record<string, unknown>> }) {
  const names = Object.keys(members)
  const between = names.filter((name) => !FIRST.includes(name) && !LAST.includes(name))
  const shown = [...FIRST, ...between, ...LAST].filter(
    (name) => members[name] !== undefined && members[name] !== null,
  )
  return (
    <dl className={styles.exchange}>
      {shown.map((name) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <JsonTree value={parsed(name, members[name])} />
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** Bodies that are JSON in a text can be folded like others. */
function parsed(name: string, value: unknown): unknown {
  if (name !== 'body' || typeof value !== 'string' || !/^\s*[[{]/.test(value)) return value
  try {
    return JSON.parse(value) as unknown
  } catch {
    return value
  }
}
