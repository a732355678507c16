import { useState } from 'react'
import { ChoiceField } from '../parts/field.tsx'
import { Panel } from '../parts/panel.tsx'
import { useSession } from '../session/session.tsx'
import { useGet } from '../session/use-get.ts'
import { SessionTable } from './session-table.tsx'
import type { User } from './user-answers.ts'

/** Where people are logged in: oneself, and those whom one looks after. */
export function Sessions() {
  const { me, isByCookie } = useSession()
  const [chosen, setChosen] = useState('')
  const { data } = useGet<{ users: readonly User[] }>('users', 'v1/users')
  const others = (data?.users ?? []).filter(({ id }) => `user:${id}` !== me.id)
  // A key has no sessions, so of others the first is looked at.
  const user = chosen === '' && !isByCookie ? (others[0]?.id ?? '') : chosen
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
      <SessionTable user={user} />
    </Panel>
  )
}
