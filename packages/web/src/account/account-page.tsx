/** Whoever looks: who they are here, what they may, where they are logged in. */
import { Names } from '../admin/names.tsx'
import { SessionTable } from '../admin/session-table.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { Facts } from '../parts/facts.tsx'
import { Panel } from '../parts/panel.tsx'
import { useSession } from '../session/session.tsx'
import styles from './account-page.module.css'
import { ChangePassword } from './change-password.tsx'

export default function AccountPage() {
  const { me, isByCookie } = useSession()
  return (
    <main className={styles.page} tabIndex={-1}>
      <div className={styles.content}>
        <h1>Your account</h1>
        <Panel title="Who you are here">
          <Facts of={{ Name: me.name, Id: <code>{me.id}</code>, Kind: KINDS[me.kind] ?? me.kind }} />
          <DataTable
            label="What you may"
            rows={me.grants}
            keyOf={({ role, ledger }) => `${role}@${ledger ?? ''}`}
            columns={[
              { title: 'Role', show: ({ role }) => <strong>{role}</strong> },
              { title: 'Ledger', show: ({ ledger }) => ledger ?? 'all' },
              { title: 'May', show: ({ permissions }) => <Names of={permissions} /> },
            ]}
          />
        </Panel>
        {isByCookie && (
          <>
            <Panel title="Where you are logged in">
              <SessionTable user="" />
            </Panel>
            <ChangePassword />
          </>
        )}
      </div>
    </main>
  )
}

const KINDS: Readonly<Record<string, string>> = { key: 'API key' }
