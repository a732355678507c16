import { Popover } from '@base-ui/react/popover'
import { useState } from 'react'
import { Button } from '../parts/button.tsx'
import { timeText } from '../time/format-time.ts'
import { parseTime, typedTime } from '../time/parse-time.ts'
import { useZone } from '../time/zone.tsx'
import { ZoneChoice } from '../time/zone-choice.tsx'
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
  const { name: zone } = useZone()
  const [isOpen, setOpen] = useState(false)
  const choose = (chosen: Range): void => {
    onChange(chosen)
    setOpen(false)
  }
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
            {/* What is typed over is written anew in another zone. */}
            <Absolute key={zone} range={range} zone={zone} onChange={choose} />
            <ZoneChoice />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

interface AbsoluteProps {
  readonly range: Range
  readonly zone: string
  readonly onChange: (range: Range) => void
}

function Absolute({ range, zone, onChange }: AbsoluteProps) {
  const [from, setFrom] = useState(typedTime(range.from, zone))
  const [to, setTo] = useState(typedTime(range.to, zone))
  const times = [from, to].map((text) => (text.trim() === '' ? '' : parseTime(text, zone)))
  const isBad = times.includes(undefined)
  return (
    <form
      className={styles.absolute}
      onSubmit={(event) => {
        event.preventDefault()
        if (!isBad) onChange({ last: '', from: times[0]!, to: times[1]! })
      }}
    >
      <label>
        <span>From</span>
        <input
          value={from}
          onChange={(event) => setFrom(event.target.value)}
          placeholder="2026-11-22 09:00"
        />
      </label>
      <label>
        <span>To</span>
        <input value={to} onChange={(event) => setTo(event.target.value)} placeholder="now" />
      </label>
      {isBad && (
        <p role="alert">
          Write times as 2026-11-22 09:00, which is meant in {zone}, or with a zone of their own:
          2026-11-22T09:00Z
        </p>
      )}
      <Button type="submit" disabled={isBad || (from === '' && to === '')}>
        Use these
      </Button>
    </form>
  )
}

function wordsOf({ last, from, to }: Range, zone: string): string {
  if (from === '' && to === '') return last === '' ? 'All time' : (WORDS[last] ?? `Last ${last}`)
  const word = (iso: string, open: string): string => {
    const text = iso === '' ? undefined : timeText(iso, zone)
    return text === undefined ? open : `${text.date} ${text.time.slice(0, 5)}`
  }
  return `${word(from, 'The beginning')} – ${word(to, 'now')}`
}
