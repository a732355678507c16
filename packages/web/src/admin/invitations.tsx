import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { Panel } from '../parts/panel.tsx'
import { useChange } from '../session/use-change.ts'
import { useGet } from '../session/use-get.ts'
import { Moment } from '../time/moment.tsx'
import { Names } from './names.tsx'

export interface Invitation {
  readonly id: string
  readonly email: string
  readonly roles: readonly string[]
  readonly expires_at: string
}

/** Those that were invited and have not come yet. */
export function Invitations() {
  const invitations = useGet<{ invitations: readonly Invitation[] }>('invitations', 'v1/invitations')
  const change = useChange('invitations')
  return (
    <Panel title="Invitations that can be accepted">
      <Asked query={invitations} what="the invitations">
        {(answer) => (
          <DataTable
            label="Invitations"
            rows={answer.invitations}
            keyOf={({ id }) => id}
            columns={[
              { title: 'E-mail', show: ({ email }) => email },
              { title: 'Roles', show: ({ roles }) => <Names of={roles} /> },
              { title: 'Until', show: ({ expires_at: at }) => <Moment at={at} /> },
            ]}
            acts={({ id, email }) => (
              <FormDialog
                label="Take back"
                of={email}
                title={`Take back the invitation of ${email}?`}
                act="Take it back"
                onSubmit={() => change('DELETE', `v1/invitations/${encodeURIComponent(id)}`)}
              />
            )}
          />
        )}
      </Asked>
    </Panel>
  )
}
