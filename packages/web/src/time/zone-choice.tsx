/** In which zone times are shown and typed: UTC, one's own, or any other. */
import { useId, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { localZone, useZone, zoneOf } from './zone.tsx'
import styles from './zone-choice.module.css'

export function ZoneChoice() {
  const { name: zone, use } = useZone()
  const [text, setText] = useState('')
  const [isUnknown, setUnknown] = useState(false)
  const listId = useId()
  const choose = (typed: string): void => {
    const chosen = zoneOf(typed.trim())
    setUnknown(chosen === undefined)
    if (chosen === undefined) return
    setText('')
    use(chosen)
  }
  return (
    <fieldset className={styles.zones}>
      <legend>Times in</legend>
      {[...new Set(['UTC', localZone(), zone])].map((name) => (
        <Button key={name} kind="quiet" aria-pressed={zone === name} onClick={() => use(name)}>
          {name}
        </Button>
      ))}
      <input
        list={listId}
        value={text}
        placeholder="Another zone …"
        aria-label="Another zone"
        aria-invalid={isUnknown}
        spellCheck={false}
        onChange={(event) => {
          setText(event.target.value)
          setUnknown(false)
          // Taken from the list.
          if ((event.nativeEvent as InputEvent).inputType === 'insertReplacementText')
            choose(event.target.value)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') choose(text)
        }}
      />
      <datalist id={listId}>
        {Intl.supportedValuesOf('timeZone').map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {isUnknown && <p role="alert">There is no such zone; one is Europe/Berlin</p>}
    </fieldset>
  )
}
