import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { textIn } from '../parts/form-values.ts'
import { Panel } from '../parts/panel.tsx'
import { useSession } from '../session/session.tsx'
import { useChange } from '../session/use-change.ts'
import { useGet } from '../session/use-get.ts'
import styles from './admin.module.css'
import { Names } from './names.tsx'
import type { Role } from './role-answers.ts'
import { RoleFields, roleIn } from './role-fields.tsx'

/** What keys and people can be given (docs/access.md). */
export function Roles() {
  const { may } = useSession()
  const roles = useGet<{ roles: readonly Role[] }>('roles', 'v1/roles')
  const change = useChange('roles')
  const put = (name: string, form: FormData) =>
    change('PUT', `v1/roles/${encodeURIComponent(name)}`, roleIn(form))
  return (
    <Panel
      title="Roles that there are"
      acts={
        may('manage-roles') && (
          <FormDialog
            label="Make a role"
            isMain
            title="Make a role"
            act="Make it"
            onSubmit={(form) => put(textIn(form, 'name'), form)}
          >
            <RoleFields />
          </FormDialog>
        )
      }
    >
      <Asked query={roles} what="the roles">
        {(answer) => (
          <DataTable
            label="Roles"
            rows={answer.roles}
            keyOf={({ name }) => name}
            columns={[
              {
                title: 'Name',
                show: ({ name, built_in: isBuiltIn, description }) => (
                  <>
                    <strong>{name}</strong> {!isBuiltIn && <span className={styles.quiet}>made here</span>}
                    <br />
                    <span className={styles.quiet}>{description}</span>
                  </>
                ),
              },
              { title: 'Allows', show: ({ permissions }) => <Names of={permissions} /> },
              {
                title: 'Of',
                show: ({ rows, hidden }) => (
                  <>
                    {rows === null ? 'all records' : <code>{rows}</code>}
                    {hidden.length > 0 && <span className={styles.quiet}> without {hidden.join(', ')}</span>}
                  </>
                ),
              },
            ]}
            acts={(role) =>
              !role.built_in &&
              may('manage-roles') && (
                <>
                  <FormDialog
                    label="Change"
                    of={role.name}
                    title={`The role ${role.name}`}
                    explanation="It counts at once: streams of whoever has it end."
                    act="Change it"
                    onSubmit={(form) => put(role.name, form)}
                  >
                    <RoleFields role={role} />
                  </FormDialog>
                  <FormDialog
                    label="Delete"
                    of={role.name}
                    isGrave
                    title={`Delete the role ${role.name}?`}
                    explanation="Only one that no valid key and no user has can be deleted."
                    act="Delete it"
                    onSubmit={() => change('DELETE', `v1/roles/${encodeURIComponent(role.name)}`)}
                  />
                </>
              )
            }
          />
        )}
      </Asked>
    </Panel>
  )
}
