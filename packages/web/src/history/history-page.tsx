/** What was done to a target, or by an actor, the last first, and what each step changed. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import type { ShownRecord } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { Empty, Failed, Loading, messageOf } from '../parts/states.tsx'
import { Changes } from '../record/changes.tsx'
import { OutcomeText } from '../search/outcome-text.tsx'
import { useSession } from '../session/session.tsx'
import { timeText } from '../time/format-time.ts'
import { useZone } from '../time/zone.tsx'
import styles from './history-page.module.css'
import { subjectOf } from './history-state.ts'

interface HistoryAnswer {
  readonly ledger: string
  readonly history: readonly ShownRecord[]
  readonly next: string | null
  readonly complete: boolean
}

const PAGE_STEPS = 50

export default function HistoryPage() {
  const state = useSearch({ from: '/history' })
  const { client } = useSession()
  const subject = subjectOf(state)
  const found = useInfiniteQuery({
    queryKey: ['history', subject?.path, state.ledger],
    queryFn: ({ pageParam, signal }) =>
      client.get<HistoryAnswer>(subject!.path, {
        parameters: { ledger: state.ledger, limit: PAGE_STEPS, cursor: pageParam },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
    enabled: subject !== undefined,
  })
  if (subject === undefined)
    return (
      <main tabIndex={-1}>
        <Empty title="Whose history?">
          <p>The address names no actor and no target. Open one from a record.</p>
        </Empty>
      </main>
    )
  const steps = found.data?.pages.flatMap(({ history }) => history) ?? []
  return (
    <main className={styles.page} tabIndex={-1}>
      <header className={styles.head}>
        <h1 dir="auto">{subject.title}</h1>
        <Link
          to="/"
          search={{ q: subject.query, last: '', ...(state.ledger !== undefined && { ledger: state.ledger }) }}
        >
          Search these records
        </Link>
      </header>
      {found.error && steps.length === 0 ? (
        <Failed error={found.error} onRetry={() => void found.refetch()} />
      ) : found.isPending ? (
        <Loading what="the history" />
      ) : steps.length === 0 ? (
        <Empty title="Nothing is recorded" />
      ) : (
        <ol className={styles.steps}>
          {steps.map((step) => (
            <Step key={step.id} step={step} />
          ))}
        </ol>
      )}
      {found.error && steps.length > 0 && <p role="alert">{messageOf(found.error)}</p>}
      {found.hasNextPage && (
        <Button disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          {found.isFetchingNextPage ? 'Loading …' : 'Show earlier ones'}
        </Button>
      )}
      {found.data?.pages.at(-1)?.complete === false && (
        <p role="status">The search was ended before all of the ledger was looked through.</p>
      )}
    </main>
  )
}

function Step({ step }: { readonly step: ShownRecord }) {
  const { name: zone } = useZone()
  const { action, actor, changes = [], reason, message, index, ledger, id } = step
  const time = timeText(step.timestamp ?? step.recorded_at, zone)
  const who = actor?.name ?? actor?.id
  return (
    <li className={styles.step}>
      <p className={styles.line}>
        <time dateTime={step.timestamp ?? step.recorded_at}>
          {time?.date} {time?.time}
        </time>
        <Link to="/" search={{ last: '', ledger, record: id }} className={styles.action}>
          {action ?? step.kind}
        </Link>
        <OutcomeText outcome={step.outcome} />
        {who && <span dir="auto">{who}</span>}
        <span className={styles.entry}>entry {index.toLocaleString('en')}</span>
      </p>
      {message !== undefined && <p dir="auto">{message}</p>}
      {reason !== undefined && <p dir="auto">Reason: {reason}</p>}
      {step.erased !== undefined && <p className={styles.entry}>What it changed was erased.</p>}
      {changes.length > 0 && <Changes changes={changes} />}
    </li>
  )
}
