/** What a person may: `role` of all ledgers, or `role@ledger`. */
import { ChecksField, TextField } from '../parts/field.tsx'
import { chosenIn, listIn } from '../parts/form-values.ts'
import { useSession } from '../session/session.tsx'
import { useGet } from '../session/use-get.ts'
import type { Role } from './role-answers.ts'

interface GivenRolesProps {
  readonly roles?: readonly string[]
  readonly teams?: readonly string[]
}

export function GivenRoles({ roles = [], teams = [] }: GivenRolesProps) {
  const { may } = useSession()
  // Who may not see which roles there are writes their names.
  const known = useGet<{ roles: readonly Role[] }>('roles', 'v1/roles', { enabled: may('manage-keys') })
  const names = known.data?.roles.map(({ name }) => name) ?? []
  return (
    <>
      {names.length > 0 && (
        <ChecksField
          // What was chosen stands once it is known what there is.
          key={names.join()}
          label="Roles, of all ledgers"
          name="everywhere"
          hint="Nothing that you may not yourself."
          options={names.map((value) => ({ value }))}
          chosen={roles}
        />
      )}
      <TextField
        key={`else ${names.length}`}
        label={names.length > 0 ? 'Roles, of one ledger each' : 'Roles'}
        name="elsewhere"
        defaultValue={roles.filter((role) => !names.includes(role)).join(', ')}
        hint="Such as viewer@shop. Several are joined by commas."
      />
      <TextField
        label="Teams"
        name="teams"
        defaultValue={teams.join(', ')}
        hint="Joined by commas. What conditions of roles ask for."
      />
    </>
  )
}

export function givenRolesIn(form: FormData): {
  readonly roles: readonly string[]
  readonly teams: readonly string[]
} {
  return {
    roles: [...chosenIn(form, 'everywhere'), ...listIn(form, 'elsewhere')],
    teams: listIn(form, 'teams'),
  }
}
