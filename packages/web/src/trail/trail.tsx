import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ShownRecord } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { Failed, Loading } from '../parts/states.tsx'
import { SIGNS } from '../search/outcomes.ts'
import { useSession } from '../session/session.tsx'
import { msText } from '../time/format-time.ts'
import { criticalPath, type Gap } from './critical-path.ts'
import { type Span, spansOf } from './spans.ts'
import styles from './trail.module.css'

interface TrailAnswer {
  readonly records: readonly ShownRecord[]
  readonly complete: boolean
}

interface TrailProps {
  readonly record: ShownRecord
  readonly onChoose: (id: string) => void
}

/** Everything of the record's trace, over services, on one line of time; of a record without a trace, itself. */
export function Trail({ record, onChoose }: TrailProps) {
  const { client } = useSession()
  const [isByLane, setByLane] = useState(false)
  const { trace_id: trace, ledger } = record
  const found = useQuery({
    queryKey: ['trail', ledger, trace],
    queryFn: ({ signal }) =>
      client.get<TrailAnswer>(`v1/trails/${encodeURIComponent(trace!)}`, { parameters: { ledger }, signal }),
    enabled: trace !== undefined,
  })
  if (found.error) return <Failed error={found.error} onRetry={() => void found.refetch()} />
  if (trace !== undefined && found.data === undefined) return <Loading what="the trail" />
  const { spans, totalMs } = spansOf(found.data?.records ?? [record])
  const path = criticalPath(spans, totalMs)
  const services = new Set(spans.map(({ service }) => service)).size
  const lanes = Object.entries(Object.groupBy(spans, ({ lane }) => lane))
  const groups = isByLane ? lanes : [['', spans] as const]
  return (
    <section className={styles.trail} aria-label="Trail">
      <p className={styles.summary}>
        <span>
          {msText(totalMs)}, {services} {services === 1 ? 'service' : 'services'}, {spans.length}{' '}
          {spans.length === 1 ? 'part' : 'parts'}
          {found.data?.complete === false && ' (more than are shown)'}
        </span>
        {lanes.length > 1 && (
          <Button kind="quiet" aria-pressed={isByLane} onClick={() => setByLane(!isByLane)}>
            By kind
          </Button>
        )}
      </p>
      {path.gaps.length > 0 && (
        <p className={styles.gaps}>
          Nothing is recorded of{' '}
          {path.gaps
            .map(({ startMs, durationMs }) => `${msText(durationMs)} from ${msText(startMs)} on`)
            .join(', ')}
          .
        </p>
      )}
      {groups.map(([lane, parts = []]) => (
        <div key={lane}>
          {isByLane && (
            <h3 className={styles.group}>
              {lane} · {parts.length}
            </h3>
          )}
          <ol className={styles.spans}>
            {parts.map((span) => (
              <Row
                key={span.key}
                span={span}
                totalMs={totalMs}
                isCritical={path.keys.has(span.key)}
                gaps={path.gaps}
                isHere={span.recordId === record.id}
                onChoose={onChoose}
              />
            ))}
          </ol>
        </div>
      ))}
    </section>
  )
}

interface RowProps {
  readonly span: Span
  readonly totalMs: number
  readonly isCritical: boolean
  readonly gaps: readonly Gap[]
  readonly isHere: boolean
  readonly onChoose: (id: string) => void
}

function Row({ span, totalMs, isCritical, gaps, isHere, onChoose }: RowProps) {
  const { name, lane, service, outcome, depth, startMs, durationMs, recordId } = span
  const share = (ms: number): string => `${totalMs === 0 ? 0 : (100 * ms) / totalMs}%`
  const label = (
    <>
      <span className={styles.lane}>{lane}</span>
      <span className={styles.name} dir="auto">
        {name}
      </span>
    </>
  )
  return (
    <li className={styles.row} data-depth={depth} aria-current={isHere ? 'true' : undefined}>
      {recordId === undefined || isHere ? (
        <span className={styles.label}>{label}</span>
      ) : (
        <button type="button" className={styles.label} onClick={() => onChoose(recordId)}>
          {label}
        </button>
      )}
      <span className={styles.line} aria-hidden="true">
        {gaps.map(({ startMs: gapMs, durationMs: gapLength }) => (
          <span
            key={gapMs}
            className={styles.gap}
            style={{ insetInlineStart: share(gapMs), inlineSize: share(gapLength) }}
          />
        ))}
        <span
          className={styles.bar}
          data-outcome={outcome}
          data-open={durationMs === undefined}
          style={{ insetInlineStart: share(startMs), inlineSize: share(durationMs ?? 0) }}
        />
      </span>
      <span className={styles.figures}>
        {outcome !== 'success' && (
          <span className={styles.sign} data-outcome={outcome}>
            {SIGNS[outcome]} {outcome}{' '}
          </span>
        )}
        {durationMs === undefined ? `at ${msText(startMs)}` : msText(durationMs)}
        {isCritical && <strong className={styles.critical}> · critical path</strong>}
        {depth === 0 && service !== undefined && <span className={styles.service}> {service}</span>}
      </span>
    </li>
  )
}
