/** What the list shows of each record. */
import type { ReactNode } from 'react'
import type { ShownRecord } from '../api/answers.ts'
import { timeText } from '../time/format-time.ts'
import { OutcomeText } from './outcome-text.tsx'
import styles from './record-table.module.css'

export interface Column {
  readonly name: string
  readonly title: string
  /** As a grid track. */
  readonly width: string
  /** A text has marked in it what the query asks for. */
  readonly show: (record: ShownRecord, zone: string) => ReactNode
  /** What a query asks for to find records like this one here; undefined where it has no value of its own. */
  readonly asked?: (record: ShownRecord) => Asked | undefined
}

interface Asked {
  readonly field: string
  readonly value: string
}

const KNOWN: readonly Column[] = [
  {
    name: 'timestamp',
    title: 'Time',
    width: '11.5rem',
    show: ({ timestamp, recorded_at }, zone) => {
      const text = timeText(timestamp ?? recorded_at, zone)
      return (
        <time dateTime={timestamp ?? recorded_at} className={styles.time}>
          <span>{text?.date}</span> {text?.time}
        </time>
      )
    },
  },
  {
    name: 'outcome',
    title: 'Outcome',
    width: '6.5rem',
    show: ({ outcome }) => <OutcomeText outcome={outcome} />,
    asked: ({ outcome }) => askedFor('outcome', outcome),
  },
  {
    name: 'service',
    title: 'Service',
    width: '6.5rem',
    show: ({ service }) => service,
    asked: ({ service }) => askedFor('service', service),
  },
  {
    name: 'action',
    title: 'Action',
    width: 'minmax(12.5rem, 1fr)',
    // A log line has none.
    show: ({ action, kind }) => action ?? <em>{kind}</em>,
    asked: ({ action }) => askedFor('action', action),
  },
  {
    name: 'actor',
    title: 'Actor',
    width: 'minmax(6rem, 0.6fr)',
    show: ({ actor, erased, masked }) =>
      actor?.name ?? actor?.id ?? <em>{erased ? 'erased' : masked ? 'masked' : ''}</em>,
    asked: ({ actor }) => askedFor('actor.id', actor?.id),
  },
  {
    name: 'target',
    title: 'Target',
    width: 'minmax(7rem, 0.6fr)',
    show: ({ targets = [] }) => {
      const [first] = targets
      if (first === undefined) return null
      return `${first.type ?? ''} ${first.id ?? ''}${targets.length > 1 ? ` +${targets.length - 1}` : ''}`
    },
    asked: ({ targets }) => askedFor('targets.id', targets?.[0]?.id),
  },
  { name: 'message', title: 'Message', width: 'minmax(8rem, 1.6fr)', show: ({ message }) => message },
]

export const USUAL_COLUMNS = ['timestamp', 'outcome', 'service', 'action', 'actor', 'target', 'message']

/** None for the usual ones. Any path into a record can be a column. */
export function columnsOf(names: readonly string[]): readonly Column[] {
  const wanted = names.length === 0 ? USUAL_COLUMNS : names
  return wanted.map(columnOf)
}

export function columnOf(name: string): Column {
  return KNOWN.find((column) => column.name === name) ?? pathColumn(name)
}

function pathColumn(path: string): Column {
  const valueOf = (record: ShownRecord): unknown => path.split('.').reduce<unknown>(member, record)
  return {
    name: path,
    title: path,
    width: 'minmax(7rem, 1fr)',
    show: (record) => shown(valueOf(record)),
    asked: (record) => askedFor(path, valueOf(record)),
  }
}

function askedFor(field: string, value: unknown): Asked | undefined {
  const isScalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
  return isScalar && value !== '' ? { field, value: String(value) } : undefined
}

function member(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => member(item, name))
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
