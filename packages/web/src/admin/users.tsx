import { useState } from 'react'
import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { textIn } from '../parts/form-values.ts'
import { Notice, Secret } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { useChange } from '../session/use-change.ts'
import { useGet } from '../session/use-get.ts'
import { Moment } from '../time/moment.tsx'
import styles from './admin.module.css'
import { GivenRoles, givenRolesIn } from './given-roles.tsx'
import { type Invitation, Invitations } from './invitations.tsx'
import { Names } from './names.tsx'
import { StateText } from './state-text.tsx'
import type { User } from './user-answers.ts'

interface NewInvitation extends Invitation {
  readonly token: string
}

export function Users() {
  const users = useGet<{ users: readonly User[] }>('users', 'v1/users')
  const change = useChange('users', 'invitations')
  const [invited, setInvited] = useState<NewInvitation>()
  const invite = async (form: FormData): Promise<void> => {
    const body = {
      email: textIn(form, 'email'),
      expires_hours: Number(textIn(form, 'hours')),
      ...givenRolesIn(form),
    }
    setInvited(await change<NewInvitation>('POST', 'v1/invitations', body))
  }
  return (
    <>
      <Notice>
        {invited !== undefined && (
          <Secret
            title={`The invitation of ${invited.email}: give it to them.`}
            text={invited.token}
            onDone={() => setInvited(undefined)}
          />
        )}
      </Notice>
      <Panel
        title="Users whom you look after"
        acts={
          <FormDialog
            label="Invite somebody"
            isMain
            title="Invite somebody"
            explanation="The server sends no mail: you get a token to give to them."
            act="Invite them"
            onSubmit={invite}
          >
            <TextField label="E-mail" name="email" type="email" required maxLength={254} />
            <GivenRoles />
            <TextField
              label="Hours that it can be accepted"
              name="hours"
              type="number"
              min={1}
              max={720}
              defaultValue={72}
              required
            />
          </FormDialog>
        }
      >
        <Asked query={users} what="the users">
          {(answer) => (
            <DataTable
              label="Users"
              rows={answer.users}
              keyOf={({ id }) => id}
              columns={[
                {
                  title: 'Who',
                  show: ({ name, email, issuer }) => (
                    <>
                      <strong>{name}</strong>
                      <br />
                      <span className={styles.quiet}>{email ?? issuer}</span>
                    </>
                  ),
                },
                {
                  title: 'State',
                  show: ({ disabled_at: disabled }) => (
                    <StateText tone={disabled === null ? 'good' : 'plain'}>
                      {disabled === null ? 'may log in' : 'disabled'}
                    </StateText>
                  ),
                },
                { title: 'Roles', show: ({ roles }) => <Names of={roles} /> },
                {
                  title: 'Last login',
                  show: ({ last_login_at: at }) => (at === null ? 'not yet' : <Moment at={at} />),
                },
              ]}
              acts={(user) => <UserActs user={user} />}
            />
          )}
        </Asked>
      </Panel>
      <Invitations />
    </>
  )
}

function UserActs({ user: { id, name, roles, teams, disabled_at: disabled } }: { readonly user: User }) {
  const change = useChange('users')
  const place = `v1/users/${encodeURIComponent(id)}`
  const isDisabled = disabled !== null
  return (
    <>
      <FormDialog
        label="Change"
        of={name}
        title={`What ${name} may`}
        explanation="It counts at once."
        act="Change it"
        onSubmit={(form) => change('PATCH', place, givenRolesIn(form))}
      >
        <GivenRoles roles={roles} teams={teams} />
      </FormDialog>
      <FormDialog
        label={isDisabled ? 'Enable' : 'Disable'}
        of={name}
        title={isDisabled ? `Let ${name} log in again?` : `Disable ${name}?`}
        explanation={
          isDisabled ? undefined : 'Their sessions end, and they cannot log in until they are enabled.'
        }
        act={isDisabled ? 'Enable them' : 'Disable them'}
        onSubmit={() => change('PATCH', place, { disabled: !isDisabled })}
      />
      <FormDialog
        label="Remove"
        of={name}
        isGrave
        title={`Remove ${name}?`}
        explanation="Account and sessions are destroyed. What is recorded of them is erased apart, under Erasures."
        act="Remove them"
        onSubmit={() => change('DELETE', place)}
      />
    </>
  )
}
