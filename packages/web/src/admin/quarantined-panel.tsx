import { type FormEvent, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { Facts } from '../parts/facts.tsx'
import { AreaField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { textIn } from '../parts/form-values.ts'
import { Panel } from '../parts/panel.tsx'
import { ProblemText } from '../parts/problem-text.tsx'
import { useChange } from '../session/use-change.ts'
import { Moment } from '../time/moment.tsx'
import styles from './admin.module.css'

export interface Quarantined {
  readonly id: string
  readonly ledger: string
  readonly received_at: string
  /** Prefix of the API key that sent it. */
  readonly key: string
  readonly problems: readonly { readonly field: string; readonly code: string; readonly message: string }[]
  /** Its text as it came; null where it is masked. */
  readonly source: string | null
}

interface QuarantinedPanelProps {
  readonly record: Quarantined
  readonly onClose: () => void
  readonly onSettled: (said: string) => void
}

/** One of them, with its text to be mended. */
export function QuarantinedPanel({ record, onClose, onSettled }: QuarantinedPanelProps) {
  const { id, received_at: at, key, problems, source } = record
  const change = useChange('quarantine')
  const [error, setError] = useState<unknown>()
  const [notJson, setNotJson] = useState<string>()
  const [isBusy, setBusy] = useState(false)
  const place = `v1/quarantine/${encodeURIComponent(id)}`

  const replay = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault()
    const text = textIn(new FormData(event.currentTarget), 'source')
    const mended = mendedOf(text, source)
    setNotJson(mended.kind === 'no-json' ? mended.why : undefined)
    if (mended.kind === 'no-json') return
    setBusy(true)
    setError(undefined)
    try {
      const { receipts } = await change<{ receipts: readonly { index: number }[] }>(
        'POST',
        `${place}/replay`,
        mended.body,
      )
      onSettled(`Recorded after all, as entry ${receipts[0]!.index} of ${record.ledger}.`)
    } catch (caught) {
      setError(caught)
      setBusy(false)
    }
  }
  return (
    <Panel title="A record that was not valid" isOpened acts={<Button onClick={onClose}>Close</Button>}>
      <Facts
        of={{
          'Came at': <Moment at={at} />,
          'By the key': <code>{key}</code>,
          ...Object.fromEntries(
            problems.map(({ field, message, code }) => [field || 'record', `${message} (${code})`]),
          ),
        }}
      />
      <form className={styles.form} onSubmit={(event) => void replay(event)}>
        {source === null ? (
          <p className={styles.quiet}>Its text is masked for you. It can be replayed as it is.</p>
        ) : (
          <AreaField
            label="The record"
            name="source"
            rows={12}
            dir="ltr"
            defaultValue={shown(source)}
            hint="Mend it here; what is recorded is what stands here."
          />
        )}
        {notJson !== undefined && <p role="alert">✕ This is no JSON: {notJson}</p>}
        {error !== undefined && <ProblemText error={error} />}
        <div className={styles.acts}>
          <Button type="submit" kind="main" disabled={isBusy}>
            Replay it
          </Button>
          <FormDialog
            label="Discard it"
            isGrave
            title="Destroy this record?"
            explanation="It was never in the ledger, and will not be. It cannot be taken back."
            act="Destroy it"
            onSubmit={async () => {
              await change('DELETE', place)
              onSettled('Destroyed.')
            }}
          />
        </div>
      </form>
    </Panel>
  )
}

/** As it is easier to read, where it is JSON. */
function shown(source: string): string {
  try {
    return JSON.stringify(JSON.parse(source), undefined, 2)
  } catch {
    return source
  }
}

type Mended =
  | { readonly kind: 'record'; readonly body: unknown }
  | { readonly kind: 'no-json'; readonly why: string }

/** What is as it came is replayed as it came: parsed and written again it could be another. */
function mendedOf(text: string, source: string | null): Mended {
  if (source === null || text === shown(source).trim()) return { kind: 'record', body: undefined }
  try {
    return { kind: 'record', body: JSON.parse(text) }
  } catch (error) {
    return { kind: 'no-json', why: (error as SyntaxError).message } // JSON.parse throws nothing else
  }
}
