import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import type { SearchPage, ShownRecord } from '../api/answers.ts'
import { ApiProblem } from '../api/problem.ts'
import { Button } from '../parts/button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { ChoiceField } from '../parts/field.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty, Failed, Loading } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { Moment } from '../time/moment.tsx'
import styles from './admin.module.css'
import { OfLedger } from './of-ledger.tsx'

const PAGE_RECORDS = 50

const QUERIES = [
  ['', 'everything'],
  ['outcome:denied', 'what was denied'],
  ['action:access.unmask', 'what was unmasked'],
  [
    'action:(access.search, access.view, access.export, access.tail, access.trail, access.history)',
    'what was read',
  ],
  [
    'action:(access.key.*, access.user.*, access.role.*, access.invitation.*)',
    'changes of keys, users and roles',
  ],
  ['action:(access.login, access.logout, access.session.*)', 'logins'],
] as const

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
  const records = found.data?.pages.flatMap((page) => page.records) ?? []
  return (
    <Panel
      title={`Who asked what of ${name}`}
      acts={
        <div className={styles.acts}>
          <ChoiceField
            label="Show"
            value={q}
            onChange={(event) => setQuery(event.target.value)}
            options={QUERIES}
          />
        </div>
      }
    >
      <p>
        <Link to="/" search={{ ledger, q, last: '' }}>
          Search in it, as among other records
        </Link>
      </p>
      {found.data === undefined ? (
        found.error ? (
          isNone(found.error) ? (
            <Empty title="Nobody has asked anything yet" />
          ) : (
            <Failed error={found.error} onRetry={() => void found.refetch()} />
          )
        ) : (
          <Loading what="the accesses" />
        )
      ) : records.length === 0 ? (
        <Empty title="Nothing of that is recorded" />
      ) : (
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
                  <Link to="/" search={{ ledger, q, last: '', record: id }}>
                    {action.replace('access.', '')}
                  </Link>
                  {outcome === 'denied' && <strong> ✕ denied</strong>}
                </>
              ),
            },
            { title: 'With', show: askedOf },
          ]}
        />
      )}
      {found.hasNextPage && (
        <div className={styles.acts}>
          <Button disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
            Older
          </Button>
        </div>
      )}
    </Panel>
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
