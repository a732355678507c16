import { AreaField, ChecksField, TextField } from '../parts/field.tsx'
import { chosenIn, listIn, saidIn } from '../parts/form-values.ts'
import { useSession } from '../session/session.tsx'
import type { Role } from './role-answers.ts'

/** What a role says; of a new one its name, too. */
export function RoleFields({ role }: { readonly role?: Role }) {
  const { me } = useSession()
  // Nobody gives what they do not have; what the role has already is shown all the same.
  const own = new Set([...me.grants.flatMap(({ permissions }) => permissions), ...(role?.permissions ?? [])])
  return (
    <>
      {role === undefined && (
        <TextField label="Name" name="name" required maxLength={63} hint="a–z, 0–9 and -" />
      )}
      <TextField
        label="What it is for"
        name="description"
        maxLength={1000}
        defaultValue={role?.description}
      />
      <ChecksField
        label="Allows"
        name="permissions"
        options={[...own].map((value) => ({ value }))}
        chosen={role?.permissions ?? []}
      />
      <AreaField
        label="Only records for which this holds"
        name="rows"
        rows={2}
        defaultValue={role?.rows ?? ''}
        hint="In CEL, such as record.labels.team in caller.teams. Without it: all."
      />
      <TextField
        label="Fields that are never shown"
        name="hidden"
        defaultValue={role?.hidden.join(', ')}
        hint="Joined by commas, such as actor.email."
      />
    </>
  )
}

export function roleIn(form: FormData): object {
  const hidden = listIn(form, 'hidden')
  return {
    description: saidIn(form, 'description'),
    permissions: chosenIn(form, 'permissions'),
    rows: saidIn(form, 'rows'),
    ...(hidden.length > 0 && { hidden }),
  }
}
