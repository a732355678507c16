/** What the list shows of each record. */
import type { ReactNode } from 'react'
import type { ShownRecord } from '../api/answers.ts'
import { timeText } from '../time/format-time.ts'
import { outcomeOf, SIGNS } from './outcomes.ts'
import styles from './record-table.module.css'

export interface Column {
  readonly name: string
  readonly title: string
  /** As a grid track. */
  readonly width: string
  readonly show: (record: ShownRecord, zone: string) => ReactNode
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
    width: '6rem',
    show: ({ outcome }) => {
      const known = outcomeOf(outcome)
      return (
        <span className={styles.outcome} data-outcome={known}>
          <span aria-hidden="true">{SIGNS[known]}</span> {outcome ?? 'unknown'}
        </span>
      )
    },
  },
  { name: 'service', title: 'Service', width: '6.5rem', show: ({ service }) => service },
  {
    name: 'action',
    title: 'Action',
    width: 'minmax(12.5rem, 1fr)',
    show: ({ action }) => <strong>{action}</strong>,
  },
  {
    name: 'actor',
    title: 'Actor',
    width: 'minmax(6rem, 0.6fr)',
    show: ({ actor, erased, masked }) =>
      actor?.name ?? actor?.id ?? <em>{erased ? 'erased' : masked ? 'masked' : ''}</em>,
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
  },
  { name: 'message', title: 'Message', width: 'minmax(8rem, 1.6fr)', show: ({ message }) => message },
]

const USUAL = ['timestamp', 'outcome', 'service', 'action', 'actor', 'target', 'message']

/** Of names joined by commas; '' for the usual ones. Any path into a record can be a column. */
export function columnsOf(names: string): readonly Column[] {
  const wanted = names === '' ? USUAL : names.split(',').filter((name) => name !== '')
  return wanted.map((name) => KNOWN.find((column) => column.name === name) ?? pathColumn(name))
}

function pathColumn(path: string): Column {
  return {
    name: path,
    title: path,
    width: 'minmax(7rem, 1fr)',
    show: (record) => shown(path.split('.').reduce<unknown>(member, record)),
  }
}

function member(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => member(item, name))
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}
