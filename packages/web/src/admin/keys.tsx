import { useState } from 'react'
import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { ChecksField, ChoiceField, TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { chosenIn, listIn, saidIn, textIn } from '../parts/form-values.ts'
import { Notice, Secret } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { useSession } from '../session/session.tsx'
import { useChange } from '../session/use-change.ts'
import { useGet } from '../session/use-get.ts'
import { useLedgers } from '../session/use-ledger.ts'
import { Moment } from '../time/moment.tsx'
import { Names } from './names.tsx'
import type { Role } from './role-answers.ts'
import { StateText } from './state-text.tsx'
import type { User } from './user-answers.ts'

interface Key {
  readonly prefix: string
  readonly name: string
  readonly ledger: string | null
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
  readonly teams: readonly string[]
  readonly created_at: string | null
  readonly created_by: string | null
  readonly expires_at: string | null
  readonly revoked_at: string | null
  readonly last_used_at: string | null
}

interface NewKey extends Key {
  readonly token: string
}

export function Keys() {
  const keys = useGet<{ keys: readonly Key[] }>('keys', 'v1/keys')
  const nameOf = useMakers(keys.data?.keys ?? [])
  const change = useChange('keys')
  const [made, setMade] = useState<NewKey>()
  const make = async (form: FormData): Promise<void> => {
    const day = saidIn(form, 'expires')
    const teams = listIn(form, 'teams')
    const roles = chosenIn(form, 'roles')
    const body = {
      name: textIn(form, 'name'),
      ...(roles.length > 0 && { roles }),
      ledger: saidIn(form, 'ledger'),
      ...(teams.length > 0 && { teams }),
      expires_at: day === undefined ? undefined : `${day}T00:00:00Z`,
    }
    setMade(await change<NewKey>('POST', 'v1/keys', body))
  }
  const rotate = async ({ prefix }: Key, form: FormData): Promise<void> => {
    const body = { overlap_minutes: Number(textIn(form, 'overlap')) }
    setMade(await change<NewKey>('POST', `v1/keys/${encodeURIComponent(prefix)}/rotate`, body))
  }
  return (
    <>
      <Notice>
        {made !== undefined && (
          <Secret
            title={`The token of the key ${made.name}.`}
            text={made.token}
            onDone={() => setMade(undefined)}
          />
        )}
      </Notice>
      <Panel title="Keys that you look after" acts={<MakeKey onSubmit={make} />}>
        <Asked query={keys} what="the keys">
          {(answer) => (
            <DataTable
              label="API keys"
              rows={answer.keys.toSorted(byUse)}
              keyOf={({ prefix }) => prefix}
              columns={[
                { title: 'Name', show: ({ name }) => <strong>{name}</strong> },
                { title: 'Key', show: ({ prefix }) => <code>{prefix}…</code> },
                { title: 'State', show: (key) => <KeyState of={key} /> },
                { title: 'May', show: ({ roles, scopes }) => <Names of={[...roles, ...scopes]} /> },
                { title: 'Ledger', show: ({ ledger }) => ledger ?? 'all' },
                { title: 'Made by', show: ({ created_by: id }) => nameOf(id) },
                {
                  title: 'Last used',
                  show: ({ last_used_at: at }) => (at === null ? 'not yet' : at.slice(0, 10)),
                },
              ]}
              acts={(key) =>
                !isOver(key) && (
                  <>
                    <FormDialog
                      label="Rotate"
                      of={key.name}
                      title={`A new token for ${key.name}`}
                      explanation="The new token opens the same. The old one goes on for a while, so that nothing stops."
                      act="Make the new token"
                      onSubmit={(form) => rotate(key, form)}
                    >
                      <TextField
                        label="Minutes that the old one goes on"
                        name="overlap"
                        type="number"
                        min={0}
                        max={43_200}
                        defaultValue={60}
                        required
                      />
                    </FormDialog>
                    <FormDialog
                      label="Revoke"
                      of={key.name}
                      isGrave
                      title={`Revoke the key ${key.name}?`}
                      explanation="It opens nothing from now on, and its streams end. It cannot be taken back."
                      act="Revoke it"
                      onSubmit={() => change('DELETE', `v1/keys/${encodeURIComponent(key.prefix)}`)}
                    />
                  </>
                )
              }
            />
          )}
        </Asked>
      </Panel>
    </>
  )
}

/** What the ids of makers are called: oneself, and the keys and users that one looks after. */
function useMakers(keys: readonly Key[]): (id: string | null) => string {
  const { me, may } = useSession()
  const users = useGet<{ users: readonly User[] }>('users', 'v1/users', { enabled: may('manage-users') })
  const names = new Map([
    ...keys.map(({ prefix, name }) => [prefix, name] as const),
    ...(users.data?.users ?? []).map(({ id, name }) => [`user:${id}`, name] as const),
    [me.id, 'you'] as const,
  ])
  return (id) => (id === null ? 'not known' : (names.get(id) ?? id))
}

function MakeKey({ onSubmit }: { readonly onSubmit: (form: FormData) => Promise<void> }) {
  const roles = useGet<{ roles: readonly Role[] }>('roles', 'v1/roles')
  const { ledgers } = useLedgers()
  return (
    <FormDialog label="Make a key" isMain title="Make an API key" act="Make it" onSubmit={onSubmit}>
      <TextField label="What it is for" name="name" required maxLength={200} />
      <ChecksField
        label="Roles"
        name="roles"
        hint="Nothing that you may not yourself."
        options={(roles.data?.roles ?? []).map(({ name, description }) => ({
          value: name,
          meaning: description,
        }))}
      />
      <ChoiceField
        label="Ledger"
        name="ledger"
        options={[['', 'All that you look after'], ...ledgers.map(({ name }) => [name, name] as const)]}
      />
      <TextField label="Ends at the begin of" name="expires" type="date" hint="In UTC. Without it: never." />
      <TextField label="Teams" name="teams" hint="Joined by commas. What conditions of roles ask for." />
    </FormDialog>
  )
}

function KeyState({ of: key }: { readonly of: Key }) {
  const { revoked_at: revoked, expires_at: expires } = key
  if (isOver(key)) return <StateText tone="plain">{revoked === null ? 'ended' : 'revoked'}</StateText>
  if (expires === null) return <StateText tone="good">valid</StateText>
  return (
    <>
      <StateText tone="good">valid</StateText> until <Moment at={expires} />
    </>
  )
}

function isOver({ revoked_at: revoked, expires_at: expires }: Key): boolean {
  return revoked !== null || (expires !== null && Date.parse(expires) <= Date.now())
}

/** Those that open something first, the newest of them first. */
function byUse(a: Key, b: Key): number {
  return Number(isOver(a)) - Number(isOver(b)) || (b.created_at ?? '').localeCompare(a.created_at ?? '')
}
