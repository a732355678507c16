import { timeText } from './format-time.ts'
import styles from './moment.module.css'
import { useZone } from './zone.tsx'

/** A time to the second, in the zone that is chosen; its whole text, in UTC, when it is pointed at. */
export function Moment({ at }: { readonly at: string }) {
  const { name: zone } = useZone()
  const text = timeText(at, zone)
  return (
    <time dateTime={at} title={at}>
      {/* It is broken between both, if at all. */}
      {text === undefined ? (
        at
      ) : (
        <>
          <span className={styles.part}>{text.date}</span>{' '}
          <span className={styles.part}>{text.time.slice(0, 8)}</span>
        </>
      )}
    </time>
  )
}
