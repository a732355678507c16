import { useQuery } from '@tanstack/react-query'
import { ApiProblem } from '../api/problem.ts'
import { Asked } from '../parts/asked.tsx'
import { Facts } from '../parts/facts.tsx'
import { Panel } from '../parts/panel.tsx'
import { useSession } from '../session/session.tsx'
import { FIGURES, type Figure, valuesOf } from './metrics/figures.ts'
import styles from './metrics/metrics.module.css'
import type { Sample } from './metrics/sample.ts'
import { Sparkline } from './metrics/sparkline.tsx'
import { SAMPLES_MAX, useSamples } from './metrics/use-samples.ts'
import { StateText } from './state-text.tsx'

interface Readiness {
  readonly status: string
  readonly blocked_ledgers: readonly string[]
  readonly unreachable: readonly string[]
}

const READY_EVERY_MS = 5000

/** How the server is that serves these pages, from its open metrics (docs/metrics.md). */
export function Overview() {
  const samples = useSamples()
  return (
    <>
      <Ready />
      <Asked query={samples} what="the metrics">
        {(taken) => (
          <dl className={styles.figures}>
            {FIGURES.map((figure) => (
              <Shown key={figure.title} figure={figure} samples={taken} />
            ))}
          </dl>
        )}
      </Asked>
    </>
  )
}

function Shown({ figure, samples }: { readonly figure: Figure; readonly samples: readonly Sample[] }) {
  const { title, text, note, isBad } = figure
  const values = valuesOf(figure, samples)
  const now = samples.at(-1)!
  // What is a level is known at the first look.
  const value = values.length === 0 ? figure.of(now, now) : values.findLast((each) => each !== undefined)
  const bad = value !== undefined && isBad?.(value, now) === true
  return (
    <div className={styles.figure} data-bad={bad}>
      <dt>{title}</dt>
      <dd className={styles.value}>
        {value === undefined ? '–' : text(value)}
        {bad && <span aria-label=" look after this"> ⚠</span>}
      </dd>
      <dd>
        <Sparkline values={values} room={SAMPLES_MAX} />
      </dd>
      <dd className={styles.note} title={note?.(now)}>
        {note?.(now)}
      </dd>
    </div>
  )
}

function Ready() {
  const { client } = useSession()
  const ready = useQuery({
    queryKey: ['ready'],
    queryFn: ({ signal }) =>
      client.get<Readiness>('readyz', { signal }).catch((error: unknown) => {
        // It says so by its status, too.
        if (error instanceof ApiProblem && typeof error.problem['status'] === 'string')
          return error.problem as unknown as Readiness
        throw error
      }),
    refetchInterval: READY_EVERY_MS,
  })
  return (
    <Panel title="Does it take records?">
      <Asked query={ready} what="the state">
        {({ status, blocked_ledgers: blocked, unreachable }) => (
          <Facts
            of={{
              State: <StateText tone={status === 'ready' ? 'good' : 'bad'}>{status}</StateText>,
              'Blocked ledgers': blocked.length === 0 ? 'none' : blocked.join(', '),
              'Out of reach': unreachable.length === 0 ? 'nothing' : unreachable.join(', '),
            }}
          />
        )}
      </Asked>
    </Panel>
  )
}
