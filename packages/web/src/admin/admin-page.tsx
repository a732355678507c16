/** The administration: its sections at the left, of which whoever looks sees what they may. */
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import type { ComponentType } from 'react'
import { Empty } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { AccessLog } from './access-log.tsx'
import styles from './admin-page.module.css'
import { Approvals } from './approvals.tsx'
import { Erasures } from './erasures.tsx'
import { Holds } from './holds.tsx'
import { Keys } from './keys.tsx'
import { Ledgers } from './ledgers.tsx'
import { Overview } from './overview.tsx'
import { Quarantine } from './quarantine.tsx'
import { Retention } from './retention.tsx'
import { Roles } from './roles.tsx'
import { SECTIONS, type SectionName } from './sections.ts'
import { Sessions } from './sessions.tsx'
import { Users } from './users.tsx'

const CONTENT: Readonly<Record<SectionName, ComponentType>> = {
  overview: Overview,
  ledgers: Ledgers,
  keys: Keys,
  users: Users,
  roles: Roles,
  sessions: Sessions,
  approvals: Approvals,
  erasures: Erasures,
  holds: Holds,
  retention: Retention,
  quarantine: Quarantine,
  access: AccessLog,
}

export default function AdminPage() {
  const { may } = useSession()
  const { section: asked } = useParams({ from: '/admin/$section' })
  const navigate = useNavigate()
  const section = SECTIONS.find(({ name }) => name === asked)
  const seen = SECTIONS.filter(({ needs }) => needs.some(may))
  return (
    <div className={styles.page}>
      <nav className={styles.sections} aria-label="Administration">
        {seen.map(({ name, title }) => (
          <Link key={name} to="/admin/$section" params={{ section: name }} search={ledgerOf}>
            {title}
          </Link>
        ))}
        <select
          aria-label="Section"
          value={asked}
          onChange={
            ({ target: { value } }) =>
              void navigate({ to: '/admin/$section', params: { section: value }, search: ledgerOf }) // it ends with the section shown
          }
        >
          {seen.map(({ name, title }) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </nav>
      {/* What has nothing to be focused in it is scrolled by keyboard, too. */}
      <main className={styles.content} tabIndex={0} key={asked}>
        {section === undefined ? (
          <Empty title="There is no such section" />
        ) : seen.includes(section) ? (
          <Shown section={section} />
        ) : (
          <Empty title="You may not see this">
            <p>It takes the permission {section.needs.join(', or ')}.</p>
          </Empty>
        )}
      </main>
    </div>
  )
}

/** All keep to the ledger that is chosen. */
function ledgerOf({ ledger }: { readonly ledger?: string }) {
  return ledger === undefined ? {} : { ledger }
}

function Shown({ section: { name, title } }: { readonly section: (typeof SECTIONS)[number] }) {
  const Content = CONTENT[name]
  return (
    <>
      <h1>{title}</h1>
      <Content />
    </>
  )
}
