import { type ReactNode, useRef, useState } from 'react'
import { Button } from '../parts/button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { ProblemText } from '../parts/problem-text.tsx'
import { useSession } from '../session/session.tsx'
import { useChange } from '../session/use-change.ts'
import styles from './admin.module.css'
import { AskedNotice, isAsked, type MaybeAsked } from './asked-notice.tsx'
import { bytesText, countText } from './metrics/units.ts'
import {
  bodyOf,
  type DraftRule,
  draftOf,
  type RetentionPreview,
  type RetentionRule,
  type RetentionRules,
} from './retention-rules.ts'

interface RetentionFormProps {
  readonly ledger: string
  readonly rules: readonly RetentionRule[]
  readonly onAsked: (said: ReactNode) => void
}

/** The rules, to be changed; what they would destroy is looked at before they are. */
export function RetentionForm({ ledger, rules, onAsked }: RetentionFormProps) {
  const { client } = useSession()
  const change = useChange('retention', 'approvals')
  const [drafts, setDrafts] = useState(() => rules.map(draftOf))
  const [preview, setPreview] = useState<RetentionPreview>()
  const [error, setError] = useState<unknown>()
  const nextKey = useRef(rules.length)
  const form = useRef<HTMLFormElement>(null)
  const place = `v1/retention/${encodeURIComponent(ledger)}`

  const edit = (changed: readonly DraftRule[]): void => {
    setDrafts([...changed])
    setPreview(undefined)
    setError(undefined)
  }
  const look = async (): Promise<void> => {
    setError(undefined)
    try {
      setPreview(await client.send<RetentionPreview>('POST', `${place}/preview`, bodyOf(drafts)))
    } catch (caught) {
      setError(caught)
    }
  }
  const ask = async (): Promise<void> => {
    const answer = await change<MaybeAsked<RetentionRules>>('PUT', place, bodyOf(drafts))
    onAsked(isAsked(answer) ? <AskedNotice approval={answer.approval} /> : 'The rules count from now on.')
    setPreview(undefined)
  }
  return (
    <form
      ref={form}
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault()
        void look() // its fault is shown
      }}
    >
      {drafts.length === 0 && <p>There are no rules: everything is kept for ever.</p>}
      <ol className={styles.rules}>
        {drafts.map((draft, i) => (
          <li key={draft.key}>
            <RuleFields
              rule={draft}
              onChange={(changed) => edit(drafts.with(i, changed))}
              onUp={i === 0 ? undefined : () => edit(drafts.with(i - 1, draft).with(i, drafts[i - 1]!))}
              onRemove={() => edit(drafts.filter((each) => each !== draft))}
            />
          </li>
        ))}
      </ol>
      {error !== undefined && <ProblemText error={error} />}
      {preview !== undefined && <Preview of={preview} />}
      <div className={styles.acts}>
        <Button onClick={() => edit([...drafts, { key: nextKey.current++, name: '', days: '', query: '' }])}>
          Add a rule
        </Button>
        <Button type="submit">Look what they would destroy</Button>
        {preview !== undefined && (
          <FormDialog
            label="Set these rules"
            isGrave
            isMain
            title={`Set these rules of ledger ${ledger}?`}
            explanation="What is due is destroyed with the next pass, for ever. Where it takes two, somebody else approves it first."
            act="Set them"
            onSubmit={ask}
          />
        )}
      </div>
    </form>
  )
}

interface RuleFieldsProps {
  readonly rule: DraftRule
  readonly onChange: (rule: DraftRule) => void
  readonly onUp: (() => void) | undefined
  readonly onRemove: () => void
}

function RuleFields({ rule, onChange, onUp, onRemove }: RuleFieldsProps) {
  const { name, days, query } = rule
  return (
    <div className={styles.rule}>
      <TextField
        label="Name"
        required
        pattern="[a-z0-9][a-z0-9\-]{0,62}"
        value={name}
        onChange={(event) => onChange({ ...rule, name: event.target.value })}
      />
      <TextField
        label="Days kept"
        type="number"
        min={0}
        max={36_525}
        placeholder="for ever"
        value={days}
        onChange={(event) => onChange({ ...rule, days: event.target.value })}
      />
      <TextField
        label="Query, of core fields"
        placeholder="every record"
        value={query}
        onChange={(event) => onChange({ ...rule, query: event.target.value })}
      />
      <div className={styles.acts}>
        <Button aria-label={`Move ${name} up`} disabled={onUp === undefined} onClick={onUp}>
          ↑
        </Button>
        <Button aria-label={`Remove ${name}`} onClick={onRemove}>
          ✕
        </Button>
      </div>
    </div>
  )
}

function Preview({ of: { rules, complete } }: { readonly of: RetentionPreview }) {
  return (
    <>
      <DataTable
        label="What would be destroyed now"
        rows={rules}
        keyOf={({ name }) => name}
        columns={[
          { title: 'Rule', show: ({ name }) => <strong>{name}</strong> },
          { title: 'Due now', isFigure: true, show: ({ records }) => countText(records) },
          { title: 'Content', isFigure: true, show: ({ bytes }) => bytesText(bytes) },
          { title: 'Of them held', isFigure: true, show: ({ held }) => countText(held) },
        ]}
      />
      {!complete && <p className={styles.quiet}>Time ran out, and there is more.</p>}
    </>
  )
}
