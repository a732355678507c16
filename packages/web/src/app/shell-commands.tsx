/** What can be done on every page, the palette that finds it, and the map of its keys. */
import { useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useMemo, useState } from 'react'
import { SECTIONS } from '../admin/sections.ts'
import { type Command, isInDialog, runByKey, useCommands } from '../commands/commands.ts'
import { Button } from '../parts/button.tsx'
import { useSession, useSessionControl } from '../session/session.tsx'
import { onlyLedger } from './only-ledger.ts'

const Palette = lazy(() => import('../commands/palette.tsx'))
const KeyMap = lazy(() => import('../commands/key-map.tsx'))

interface ShellCommandsProps {
  readonly ledgers: readonly string[]
  readonly onLedger: (name: string) => void
}

export function ShellCommands({ ledgers, onLedger }: ShellCommandsProps) {
  const { may } = useSession()
  const { signOut } = useSessionControl()
  const navigate = useNavigate()
  const [isOpen, setOpen] = useState<'palette' | 'keys'>()
  const commands = useMemo((): readonly Command[] => {
    const search = onlyLedger
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
      { title: 'Your account', run: () => void navigate({ to: '/account', search }) },
      { title: 'Sign out', run: () => void signOut() },
    ]
  }, [navigate, may, ledgers, onLedger, signOut])
  useCommands(commands)
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key === 'k') {
        event.preventDefault()
        if (!isInDialog()) setOpen('palette')
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
