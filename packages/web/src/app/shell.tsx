/** What stands around every page: where one is, whose ledger, how it looks, and the way out. */
import { useQuery } from '@tanstack/react-query'
import { Link, useMatchRoute, useNavigate } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react'
import { SECTIONS } from '../admin/sections.ts'
import type { LedgerInfo } from '../api/answers.ts'
import { type Command, runByKey, useCommands } from '../commands/commands.ts'
import { Button } from '../parts/button.tsx'
import { useSession, useSessionControl } from '../session/session.tsx'
import { keptTheme, showTheme, THEMES } from '../theme/theme.ts'
import styles from './shell.module.css'

const Palette = lazy(() => import('../commands/palette.tsx'))
const KeyMap = lazy(() => import('../commands/key-map.tsx'))

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
        <Commands ledgers={names} onLedger={onLedger} />
        <ThemeChoice />
        <span className={styles.who} title={me.id}>
          {me.name}
        </span>
        <Button kind="quiet" onClick={() => void signOut()}>
          Sign out
        </Button>
      </header>
      {children}
    </div>
  )
}

interface CommandsProps {
  readonly ledgers: readonly string[]
  readonly onLedger: (name: string) => void
}

/** What can be done on every page, the palette that finds it, and the map of its keys. */
function Commands({ ledgers, onLedger }: CommandsProps) {
  const { may } = useSession()
  const { signOut } = useSessionControl()
  const navigate = useNavigate()
  const [isOpen, setOpen] = useState<'palette' | 'keys'>()
  const commands = useMemo((): readonly Command[] => {
    const search = ledgerOf
    return [
      { title: 'Show the keys', key: '?', run: () => setOpen('keys') },
      { title: 'Go to the records', run: () => void navigate({ to: '/', search }) },
      { title: 'Go to the ledger', run: () => void navigate({ to: '/ledger', search }) },
      { title: 'Verify an export', run: () => void navigate({ to: '/verify', search }) },
      ...SECTIONS.filter(({ needs }) => needs.some(may)).map(({ name, title }) => ({
        title: `Administration: ${title}`,
        run: () => void navigate({ to: '/admin/$section', params: { section: name }, search }),
      })),
      ...ledgers.map((name) => ({ title: `Ledger ${name}`, run: () => onLedger(name) })),
      { title: 'Sign out', run: () => void signOut() },
    ]
  }, [navigate, may, ledgers, onLedger, signOut])
  useCommands(commands)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        setOpen('palette')
      } else runByKey(event)
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <>
      <Button kind="quiet" aria-label="Commands" title="Ctrl K" onClick={() => setOpen('palette')}>
        ⌘
      </Button>
      <Suspense>
        {isOpen === 'palette' && <Palette onClose={() => setOpen(undefined)} />}
        {isOpen === 'keys' && <KeyMap onClose={() => setOpen(undefined)} />}
      </Suspense>
    </>
  )
}

/** Links to what whoever looks may see; all keep to the ledger that is chosen. */
function Pages() {
  const { may } = useSession()
  const [section] = SECTIONS.filter(({ needs }) => needs.some(may))
  const isAdministration = useMatchRoute()({ to: '/admin/$section' }) !== false
  const look = { search: ledgerOf, className: styles.page }
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

function ledgerOf({ ledger }: { readonly ledger?: string }) {
  return ledger === undefined ? {} : { ledger }
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
