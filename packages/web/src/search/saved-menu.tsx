/** Queries with names: one's own, and those that are shared with every reader of the ledger. */
import { Popover } from '@base-ui/react/popover'
import { useMutation, useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { addressOf } from '../api/client.ts'
import { Button } from '../parts/button.tsx'
import popup from '../parts/popup.module.css'
import { Failed, Loading, messageOf } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
import { useChange } from '../session/use-change.ts'
import styles from './saved-menu.module.css'

interface SavedSearch {
  readonly name: string
  readonly query: string
  readonly shared: boolean
  readonly pinned: boolean
  readonly own: boolean
}

interface SavedMenuProps {
  readonly query: string
  readonly ledger: string
  readonly onRun: (query: string) => void
}

export function SavedMenu({ query, ledger, onRun }: SavedMenuProps) {
  const { client, may } = useSession()
  const send = useChange('saved')
  const [isOpen, setOpen] = useState(false)
  const placeOf = (name: string): string => addressOf(`v1/saved/${encodeURIComponent(name)}`, { ledger })
  const saved = useQuery({
    queryKey: ['saved', ledger],
    queryFn: ({ signal }) =>
      client.get<{ searches: readonly SavedSearch[] }>('v1/saved', { parameters: { ledger }, signal }),
    enabled: isOpen,
  })
  const change = useMutation({
    mutationFn: ({ name, saves }: { readonly name: string; readonly saves?: object }) =>
      saves === undefined ? send('DELETE', placeOf(name)) : send('PUT', placeOf(name), saves),
  })
  const save = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const given = new FormData(form)
    change.mutate(
      { name: given.get('name') as string, saves: { query, shared: given.get('shared') !== null } },
      { onSuccess: () => form.reset() },
    )
  }
  if (!may('save-searches')) return null
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger render={<Button className={styles.trigger} />}>Saved</Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="end" className={popup.positioner}>
          <Popover.Popup className={`${popup.popup} ${styles.popup}`} aria-label="Saved searches">
            {saved.error ? (
              <Failed error={saved.error} onRetry={() => void saved.refetch()} />
            ) : saved.data === undefined ? (
              <Loading what="saved searches" />
            ) : saved.data.searches.length === 0 ? (
              <p className={styles.none}>No search is saved yet.</p>
            ) : (
              <ul>
                {saved.data.searches.map((search) => (
                  <li key={search.name} className={styles.search}>
                    <button
                      type="button"
                      onClick={() => {
                        setOpen(false)
                        onRun(search.query)
                      }}
                    >
                      <strong>{search.name}</strong>
                      {search.shared && <span>shared</span>}
                      <code>{search.query || 'all records'}</code>
                    </button>
                    {(search.own || may('manage-searches')) && (
                      <Button
                        kind="quiet"
                        aria-label={`Delete ${search.name}`}
                        onClick={() => change.mutate({ name: search.name })}
                      >
                        ×
                      </Button>
                    )}
                  </li>
                ))}
              </ul>
            )}
            <form className={styles.form} onSubmit={save}>
              <label>
                <span>Save this query as</span>
                <input
                  name="name"
                  required
                  maxLength={64}
                  pattern="[\p{L}\p{N}_\-]+"
                  title="Letters, digits, _ and -"
                />
              </label>
              {may('share-searches') && (
                <label className={styles.shared}>
                  <input type="checkbox" name="shared" /> for every reader of the ledger
                </label>
              )}
              <Button type="submit" kind="main" disabled={change.isPending}>
                Save
              </Button>
              {change.error !== null && <p role="alert">{messageOf(change.error)}</p>}
            </form>
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}
