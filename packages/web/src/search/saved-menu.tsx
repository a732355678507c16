/** Queries with names: one's own, and those that are shared with every reader of the ledger. */
import { Popover } from '@base-ui/react/popover'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { Button } from '../parts/button.tsx'
import popup from '../parts/popup.module.css'
import { Failed, Loading, messageOf } from '../parts/states.tsx'
import { useSession } from '../session/session.tsx'
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

const JSON_BODY = { 'content-type': 'application/json' }

export function SavedMenu({ query, ledger, onRun }: SavedMenuProps) {
  const { client, may } = useSession()
  const queries = useQueryClient()
  const [isOpen, setOpen] = useState(false)
  const place = (name = ''): string => {
    const path = name === '' ? 'v1/saved' : `v1/saved/${encodeURIComponent(name)}`
    return ledger === '' ? path : `${path}?${new URLSearchParams({ ledger })}`
  }
  const saved = useQuery({
    queryKey: ['saved', ledger],
    queryFn: ({ signal }) => client.get<{ searches: readonly SavedSearch[] }>(place(), { signal }),
    enabled: isOpen,
  })
  const change = useMutation({
    mutationFn: ({ name, ...init }: RequestInit & { readonly name: string }) =>
      client.fetch(place(name), init),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['saved'] }),
  })
  const save = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const form = event.currentTarget
    const given = new FormData(form)
    change.mutate(
      {
        name: given.get('name') as string,
        method: 'PUT',
        headers: JSON_BODY,
        body: JSON.stringify({ query, shared: given.get('shared') !== null }),
      },
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
                        onClick={() => change.mutate({ name: search.name, method: 'DELETE' })}
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
