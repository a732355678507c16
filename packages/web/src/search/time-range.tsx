import { Popover } from '@base-ui/react/popover'
import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { timeText } from '../time/format-time.ts'
import { localZone, useZone } from '../time/zone.tsx'
import { LASTS, type SearchState } from './search-state.ts'
import styles from './time-range.module.css'

type Range = Pick<SearchState, 'last' | 'from' | 'to'>

const WORDS: Readonly<Record<string, string>> = {
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  '4h': 'Last 4 hours',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
}

export function TimeRange({
  range,
  onChange,
}: {
  readonly range: Range
  readonly onChange: (range: Range) => void
}) {
  const { name: zone, use } = useZone()
  const [isOpen, setOpen] = useState(false)
  const choose = (chosen: Range): void => {
    onChange(chosen)
    setOpen(false)
  }
  const zones = [...new Set(['UTC', localZone()])]
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger render={<Button id="time" className={styles.trigger} />}>
        {wordsOf(range, zone)}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end">
          <Popover.Popup className={styles.popup} aria-label="Time range">
            <div className={styles.lasts}>
              {LASTS.map((last) => (
                <Button
                  key={last}
                  kind="quiet"
                  aria-pressed={range.last === last && range.from === '' && range.to === ''}
                  onClick={() => choose({ last, from: '', to: '' })}
                >
                  {WORDS[last]}
                </Button>
              ))}
              <Button
                kind="quiet"
                aria-pressed={range.last === '' && range.from === '' && range.to === ''}
                onClick={() => choose({ last: '', from: '', to: '' })}
              >
                All time
              </Button>
            </div>
            <Absolute range={range} onChange={choose} />
            <fieldset className={styles.zones}>
              <legend>Times shown in</legend>
              {zones.map((name) => (
                <Button key={name} kind="quiet" aria-pressed={zone === name} onClick={() => use(name)}>
                  {name}
                </Button>
              ))}
            </fieldset>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Absolute({ range, onChange }: { readonly range: Range; readonly onChange: (range: Range) => void }) {
  const [from, setFrom] = useState(range.from)
  const [to, setTo] = useState(range.to)
  const isBad = [from, to].some((text) => text !== '' && Number.isNaN(Date.parse(text)))
  return (
    <form
      className={styles.absolute}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBad) onChange({ last: '', from: isoOf(from), to: isoOf(to) })
      }}
    >
      <label>
        <span>From</span>
        <input
          value={from}
          onChange={(event) => setFrom(event.target.value)}
          placeholder="2026-11-22T09:00Z"
        />
      </label>
      <label>
        <span>To</span>
        <input value={to} onChange={(event) => setTo(event.target.value)} placeholder="now" />
      </label>
      {isBad && <p role="alert">Write times as 2026-11-22T09:00Z</p>}
      <Button type="submit" disabled={isBad || (from === '' && to === '')}>
        Use these
      </Button>
    </form>
  )
}

function isoOf(text: string): string {
  return text === '' ? '' : new Date(text).toISOString()
}

function wordsOf({ last, from, to }: Range, zone: string): string {
  if (from === '' && to === '') return last === '' ? 'All time' : (WORDS[last] ?? `Last ${last}`)
  const word = (iso: string, open: string): string => {
    const text = iso === '' ? undefined : timeText(iso, zone)
    return text === undefined ? open : `${text.date} ${text.time.slice(0, 5)}`
  }
  return `${word(from, 'The beginning')} – ${word(to, 'now')}`
}
