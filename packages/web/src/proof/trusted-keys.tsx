import { Button } from '../parts/button.tsx'
import { copyText } from '../parts/copy-text.ts'
import styles from './verdict.module.css'

/** The keys that this browser pinned, to be compared with those that somebody else gave. */
export function TrustedKeys({ keys }: { readonly keys: readonly string[] }) {
  const text = keys.join('\n')
  return (
    <div className={styles.keys}>
      <pre tabIndex={0}>{text}</pre>
      <p>
        They were pinned when this browser first saw the ledger. Compare them with those you were given
        another way.
      </p>
      <Button onClick={() => void copyText(text)}>Copy the keys</Button>
    </div>
  )
}
