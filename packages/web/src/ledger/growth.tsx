/** How a ledger grew: its records by their time, added up. */
import { useQuery } from '@tanstack/react-query'
import type { Histogram } from '../api/answers.ts'
import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { Moment } from '../time/moment.tsx'
import styles from './growth.module.css'
import { type GrowthPoint, growthOf } from './growth-points.ts'

const BUCKETS = 60
const TABLE_ROWS_MAX = 12
const [WIDTH, HEIGHT] = [600, 120]

export function Growth({ ledger }: { readonly ledger: string }) {
  const { client } = useSession()
  const counts = useQuery({
    queryKey: ['growth', ledger],
    queryFn: ({ signal }) =>
      client.get<Histogram>('v1/histogram', { parameters: { ledger, buckets: BUCKETS }, signal }),
  })
  return (
    <Panel title="Size over time">
      <Asked query={counts} what="the counts">
        {(histogram) => {
          const points = growthOf(histogram)
          return points.at(-1)!.size === 0 ? (
            <Empty title="It has no records yet" />
          ) : (
            <Curve points={points} />
          )
        }}
      </Asked>
    </Panel>
  )
}

function Curve({ points }: { readonly points: readonly GrowthPoint[] }) {
  const [first, last] = [points[0]!, points.at(-1)!]
  const line = points.map(({ size }, i) => {
    const x = (i / Math.max(1, points.length - 1)) * WIDTH
    return `${x.toFixed(1)},${(HEIGHT - (size / last.size) * (HEIGHT - 4)).toFixed(1)}`
  })
  const step = Math.max(1, Math.ceil(points.length / TABLE_ROWS_MAX))
  return (
    <figure className={styles.figure}>
      <div className={styles.plot}>
        <p className={styles.scale} aria-hidden="true">
          <span>{last.size.toLocaleString('en')}</span>
          <span>0</span>
        </p>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`Records added up over time, to ${last.size.toLocaleString('en')}`}
        >
          <polygon className={styles.area} points={`0,${HEIGHT} ${line.join(' ')} ${WIDTH},${HEIGHT}`} />
          <polyline className={styles.line} points={line.join(' ')} />
        </svg>
      </div>
      <figcaption className={styles.caption}>
        <Moment at={first.at} />
        <Moment at={last.at} />
      </figcaption>
      <details>
        <summary>As a table</summary>
        <DataTable
          label="Records added up over time"
          rows={points.filter((_, i) => i % step === 0 || i === points.length - 1)}
          keyOf={({ at }) => at}
          columns={[
            { title: 'Until', show: ({ at }) => <Moment at={at} /> },
            { title: 'Records', isFigure: true, show: ({ size }) => size.toLocaleString('en') },
          ]}
        />
      </details>
    </figure>
  )
}
