import { Tabs } from '@base-ui/react/tabs'
import { useQuery } from '@tanstack/react-query'
import type { Filter } from '@trailproof/core/query'
import { type ReactNode, useEffect } from 'react'
import type { ShownRecord } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { Failed, Loading } from '../parts/states.tsx'
import { OutcomeText } from '../search/outcome-text.tsx'
import { useSession } from '../session/session.tsx'
import { timeText } from '../time/format-time.ts'
import { useZone } from '../time/zone.tsx'
import { Trail } from '../trail/trail.tsx'
import { Changes } from './changes.tsx'
import { CopyMenu } from './copy-menu.tsx'
import { Exchange } from './exchange.tsx'
import { Overview } from './overview.tsx'
import { type Part, PartsList } from './parts-list.tsx'
import { Proof } from './proof.tsx'
import styles from './record-panel.module.css'

interface RecordPanelProps {
  readonly ledger: string
  readonly id: string
  /** The record, if the list has it. */
  readonly known: ShownRecord | undefined
  readonly onAdd: (condition: Filter) => void
  readonly onChoose: (id: string) => void
  readonly onClose: () => void
}

export default function RecordPanel({ ledger, id, known, onAdd, onChoose, onClose }: RecordPanelProps) {
  const { client } = useSession()
  const found = useQuery({
    queryKey: ['record', ledger, id],
    // An address may name a record that the list does not have.
    queryFn: ({ signal }) =>
      client.get<ShownRecord>(`v1/events/${encodeURIComponent(id)}`, { parameters: { ledger }, signal }),
    enabled: known === undefined,
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape' && !event.defaultPrevented) onClose()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [onClose])

  const record = known ?? found.data
  return (
    <aside className={styles.panel} aria-label="Record">
      <Button kind="quiet" className={styles.close} onClick={onClose} aria-label="Close the record">
        ✕
      </Button>
      {record !== undefined ? (
        <Shown record={record} onAdd={onAdd} onChoose={onChoose} />
      ) : found.error ? (
        <Failed error={found.error} onRetry={() => void found.refetch()} />
      ) : (
        <Loading what="the record" />
      )}
    </aside>
  )
}

interface ShownProps extends Pick<RecordPanelProps, 'onAdd' | 'onChoose'> {
  readonly record: ShownRecord
}

function Shown({ record, onAdd, onChoose }: ShownProps) {
  const { name: zone } = useZone()
  const time = timeText(record.timestamp ?? record.recorded_at, zone)
  const { changes = [], request, response, internal_steps: steps, integrations } = record
  const tabs: readonly (readonly [string, ReactNode])[] = [
    ['Overview', <Overview key="overview" record={record} onAdd={onAdd} />],
    ['Changes', changes.length > 0 && <Changes key="changes" changes={changes} />],
    ['Trail', isPartOfTrail(record) && <Trail key="trail" record={record} onChoose={onChoose} />],
    ['Request', hasMembers(request) && <Exchange key="request" of={request} />],
    ['Response', hasMembers(response) && <Exchange key="response" of={response} />],
    ['Steps', hasParts(steps) && <PartsList key="steps" parts={steps} />],
    ['Calls', hasParts(integrations) && <PartsList key="calls" parts={integrations} />],
    ['Raw', <Raw key="raw" record={record} />],
    ['Proof', <Proof key="proof" record={record} />],
  ]
  const shown = tabs.filter(([, part]) => part !== false)
  return (
    <>
      <header className={styles.head}>
        <p className={styles.outcome}>
          <OutcomeText outcome={record.outcome} />
        </p>
        <h2 dir="auto">{record.action ?? record.kind}</h2>
        <p className={styles.when}>
          {time?.date} {time?.time} <span>{zone}</span> · entry {record.index.toLocaleString('en')} of{' '}
          {record.ledger}
        </p>
        {record.message !== undefined && <p dir="auto">{record.message}</p>}
        <div className={styles.actions}>
          <CopyMenu record={record} />
        </div>
      </header>
      <Tabs.Root defaultValue="Overview" key={record.index} className={styles.tabs}>
        <Tabs.List className={styles.list} aria-label="Parts of the record">
          {shown.map(([name]) => (
            <Tabs.Tab key={name} value={name} className={styles.tab}>
              {name}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {shown.map(([name, part]) => (
          <Tabs.Panel key={name} value={name} className={styles.part}>
            {part}
          </Tabs.Panel>
        ))}
      </Tabs.Root>
    </>
  )
}

function isPartOfTrail({ trace_id, kind }: ShownRecord): boolean {
  return trace_id !== undefined || kind === 'trail'
}

function hasMembers(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

function hasParts(value: unknown): value is readonly Part[] {
  return Array.isArray(value) && value.length > 0
}

function Raw({ record }: { readonly record: ShownRecord }) {
  const text = JSON.stringify(record, undefined, 2)
  return (
    // Long lines are scrolled by keyboard, too.
    <pre className={styles.raw} tabIndex={0}>
      {text}
    </pre>
  )
}
