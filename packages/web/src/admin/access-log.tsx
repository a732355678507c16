import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { SearchPage, ShownRecord } from '../api/answers.ts'
import { ApiProblem } from '../api/problem.ts'
import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { ChoiceField } from '../parts/field.tsx'
import { More } from '../parts/more.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { Moment } from '../time/moment.tsx'
import styles from './admin.module.css'
import { OfLedger } from './of-ledger.tsx'

const PAGE_RECORDS = 50

const READS =
  'search view trail history context entries export tail histogram facets fields values approval unmask'
const CHANGES =
  'key.* user.* role.* invitation.* ledger.* hold.* approval.* erasure retention password.changed'
const LOGINS = 'login logout session.*'

const QUERIES = [
  ['', 'everything'],
  ['outcome:denied', 'what was denied'],
  [oneOf('unmask'), 'what was unmasked'],
  [oneOf(READS), 'what was read'],
  [oneOf(CHANGES), 'what was changed'],
  [oneOf(LOGINS), 'logins'],
] as const

/** Of actions without the part that all have. */
function oneOf(actions: string): string {
  const names = actions.split(' ').map((action) => `access.${action}`)
  return `action:${names.length === 1 ? names[0]! : `(${names.join(', ')})`}`
}

/** Who read what, and who changed what: the records of the ledger's companion. */
export function AccessLog() {
  return <OfLedger>{(name) => <Accesses key={name} name={name} />}</OfLedger>
}

function Accesses({ name }: { readonly name: string }) {
  const { client } = useSession()
  const ledger = /\.access(?:-\d+)?$/.test(name) ? name : `${name}.access`
  const [q, setQuery] = useState('')
  const found = useInfiniteQuery({
    queryKey: ['access', ledger, q],
    queryFn: ({ pageParam, signal }) =>
      client.get<SearchPage>('v1/search', {
        parameters: { ledger, q, limit: PAGE_RECORDS, cursor: pageParam },
        signal,
      }),
    initialPageParam: '',
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  return (
    <Panel
      title={`Who asked what of ${name}`}
      acts={
        <ChoiceField
          label="Show"
          value={q}
          onChange={(event) => setQuery(event.target.value)}
          options={QUERIES}
        />
      }
    >
      <p>
        <Link to="/" search={{ ledger, q, last: '' }}>
          Search in it, as among other records
        </Link>
      </p>
      {isNone(found.error) ? (
        <Empty title="Nobody has asked anything yet" />
      ) : (
        <Asked query={found} what="the accesses">
          {({ pages }) => <Shown ledger={ledger} q={q} records={pages.flatMap(({ records }) => records)} />}
        </Asked>
      )}
      <More label="Older" of={found} />
    </Panel>
  )
}

interface ShownProps {
  readonly ledger: string
  readonly q: string
  readonly records: readonly ShownRecord[]
}

function Shown({ ledger, q, records }: ShownProps) {
  if (records.length === 0) return <Empty title="Nothing of that is recorded" />
  return (
    <DataTable
      label="Accesses"
      rows={records}
      keyOf={({ index }) => index}
      columns={[
        { title: 'At', show: ({ recorded_at: at }) => <Moment at={at} /> },
        { title: 'Who', show: ({ actor, masked }) => actor?.name ?? (masked ? 'masked' : 'unknown') },
        {
          title: 'Did',
          show: ({ id, action = '', outcome }) => (
            <>
              <Link to="/" className={styles.word} search={{ ledger, q, last: '', record: id }}>
                {action.replace('access.', '')}
              </Link>
              {outcome === 'denied' && <strong> ✕ denied</strong>}
            </>
          ),
        },
        { title: 'With', show: askedOf },
      ]}
    />
  )
}

/** The companion is made with its first record. */
function isNone(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 404
}

/** What was asked for, in a line. */
function askedOf({ metadata, targets = [] }: ShownRecord): string {
  const { ledger: _, asked = {}, ...more } = (metadata ?? {}) as Record<string, unknown>
  const what = targets.map(({ type, id }) => `${type ?? ''} ${id ?? ''}`)
  const how = Object.entries({ ...more, ...(asked as object) }).map(
    ([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return [...what, ...how].join(' · ')
}
