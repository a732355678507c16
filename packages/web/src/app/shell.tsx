/** What stands around every page: where one is, whose ledger, how it looks, and the way out. */
import { useQuery } from '@tanstack/react-query'
import { Link, useMatchRoute } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { SECTIONS } from '../admin/sections.ts'
import type { LedgerInfo } from '../api/answers.ts'
import { Button } from '../parts/button.tsx'
import { useSession, useSessionControl } from '../session/session.tsx'
import { keptTheme, showTheme, THEMES } from '../theme/theme.ts'
import { onlyLedger } from './only-ledger.ts'
import styles from './shell.module.css'
import { ShellCommands } from './shell-commands.tsx'

interface ShellProps {
  readonly ledger: string
  readonly onLedger: (name: string) => void
  readonly children: ReactNode
}

export function Shell({ ledger, onLedger, children }: ShellProps) {
  const { client, me } = useSession()
  const { signOut } = useSessionControl()
  const ledgers = useQuery({
    queryKey: ['ledgers'],
    queryFn: ({ signal }) => client.get<{ ledgers: readonly LedgerInfo[] }>('v1/ledgers', { signal }),
  })
  const names = ledgers.data?.ledgers.map(({ name }) => name) ?? []
  return (
    <div className={styles.shell}>
      {/* A link to a part of the page would be an address of another page (router.tsx). */}
      <Button className={styles.skip} onClick={() => document.querySelector('main')?.focus()}>
        To the content
      </Button>
      <header className={styles.bar}>
        <img src="./seal.svg" alt="" width={24} height={24} />
        <strong className={styles.brand}>Trailproof</strong>
        <Pages />
        <label className={styles.ledger}>
          <span>Ledger</span>
          <select
            aria-label="Ledger"
            value={ledger || names[0] || ''}
            onChange={(event) => onLedger(event.target.value)}
          >
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <span className={styles.gap} />
        <ShellCommands ledgers={names} onLedger={onLedger} />
        <ThemeChoice />
        <Link to="/account" search={onlyLedger} className={styles.who} title="Your account">
          {me.name}
        </Link>
        <Button kind="quiet" onClick={() => void signOut()}>
          Sign out
        </Button>
      </header>
      {children}
    </div>
  )
}

/** Links to what whoever looks may see; all keep to the ledger that is chosen. */
function Pages() {
  const { may } = useSession()
  const [section] = SECTIONS.filter(({ needs }) => needs.some(may))
  const isAdministration = useMatchRoute()({ to: '/admin/$section' }) !== false
  const look = { search: onlyLedger, className: styles.page }
  return (
    <nav className={styles.pages} aria-label="Pages">
      <Link to="/" {...look}>
        Records
      </Link>
      <Link to="/ledger" {...look}>
        Ledger
      </Link>
      <Link to="/verify" {...look}>
        Verify
      </Link>
      {section !== undefined && (
        <Link
          to="/admin/$section"
          params={{ section: section.name }}
          aria-current={isAdministration ? 'page' : undefined}
          {...look}
        >
          Administration
        </Link>
      )}
    </nav>
  )
}

function ThemeChoice() {
  const [theme, setTheme] = useState(keptTheme)
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!
  return (
    <Button
      kind="quiet"
      aria-label={`Colours: ${theme}. Change to ${next}`}
      onClick={() => {
        showTheme(next)
        setTheme(next)
      }}
    >
      {{ system: '◐', light: '☀', dark: '☾' }[theme]}
    </Button>
  )
}
