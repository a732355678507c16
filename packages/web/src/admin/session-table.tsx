import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { Empty } from '../parts/states.tsx'
import { useChange } from '../session/use-change.ts'
import { useGet } from '../session/use-get.ts'
import { Moment } from '../time/moment.tsx'
import { StateText } from './state-text.tsx'

interface ShownSession {
  readonly id: string
  readonly created_at: string
  readonly refreshed_at: string
  readonly ends_at: string
  readonly address: string | null
  readonly client: string | null
  readonly current: boolean
}

/** Where somebody is logged in; `user`: the id of one who is looked after, '' for oneself. */
export function SessionTable({ user }: { readonly user: string }) {
  const sessions = useGet<{ sessions: readonly ShownSession[] }>('sessions', 'v1/sessions', {
    parameters: { user },
  })
  const change = useChange('sessions')
  return (
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
  )
}
