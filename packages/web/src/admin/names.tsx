import styles from './admin.module.css'

/** Names beside each other, such as roles. */
export function Names({ of: names }: { readonly of: readonly string[] }) {
  if (names.length === 0) return <span className={styles.quiet}>none</span>
  return (
    <span className={styles.names}>
      {names.map((name) => (
        <span key={name}>{name}</span>
      ))}
    </span>
  )
}
