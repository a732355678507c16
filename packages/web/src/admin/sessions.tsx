import { useState } from 'react'
import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { ChoiceField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { useChange } from '../session/use-change.ts'
import { useGet } from '../session/use-get.ts'
import { Moment } from '../time/moment.tsx'
import { StateText } from './state-text.tsx'
import type { User } from './user-answers.ts'

interface ShownSession {
  readonly id: string
  readonly created_at: string
  readonly refreshed_at: string
  readonly ends_at: string
  readonly address: string | null
  readonly client: string | null
  readonly current: boolean
}

/** Where people are logged in: oneself, and those whom one looks after. */
export function Sessions() {
  const { me, isByCookie } = useSession()
  const [chosen, setChosen] = useState('')
  const { data } = useGet<{ users: readonly User[] }>('users', 'v1/users')
  const others = (data?.users ?? []).filter(({ id }) => `user:${id}` !== me.id)
  // A key has no sessions, so of others the first is looked at.
  const user = chosen === '' && !isByCookie ? (others[0]?.id ?? '') : chosen
  const sessions = useGet<{ sessions: readonly ShownSession[] }>('sessions', 'v1/sessions', {
    parameters: { user },
  })
  const change = useChange('sessions')
  return (
    <Panel
      title="Logged in"
      acts={
        <ChoiceField
          label="Of"
          value={user}
          onChange={(event) => setChosen(event.target.value)}
          options={[
            ...(isByCookie ? [['', 'yourself'] as const] : []),
            ...others.map(({ id, name, email }) => [id, `${name} ${email ?? ''}`] as const),
          ]}
        />
      }
    >
      <Asked query={sessions} what="the sessions">
        {(answer) =>
          answer.sessions.length === 0 ? (
            <Empty title="Nobody is logged in there" />
          ) : (
            <DataTable
              label="Sessions"
              rows={answer.sessions}
              keyOf={({ id }) => id}
              columns={[
                { title: 'Since', show: ({ created_at: at }) => <Moment at={at} /> },
                { title: 'Gone on with', show: ({ refreshed_at: at }) => <Moment at={at} /> },
                { title: 'Ends', show: ({ ends_at: at }) => <Moment at={at} /> },
                { title: 'From', show: ({ address }) => address ?? 'unknown' },
                { title: 'With', show: ({ client }) => client ?? 'unknown' },
                {
                  title: 'Which',
                  show: ({ current }) => current && <StateText tone="good">this one</StateText>,
                },
              ]}
              acts={({ id, created_at: at }) => (
                <FormDialog
                  label="End"
                  of={at}
                  isGrave
                  title="End this session?"
                  explanation="Whoever has it must log in again."
                  act="End it"
                  onSubmit={() => change('DELETE', `v1/sessions/${encodeURIComponent(id)}`)}
                />
              )}
            />
          )
        }
      </Asked>
    </Panel>
  )
}
