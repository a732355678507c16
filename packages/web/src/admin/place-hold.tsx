import { useState } from 'react'
import { ChoiceField, TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { saidIn, textIn } from '../parts/form-values.ts'
import { useChange } from '../session/use-change.ts'
import styles from './admin.module.css'
import { WhyFields, whyIn } from './why-fields.tsx'

type Kind = 'query' | 'subject' | 'range'

interface PlaceHoldProps {
  readonly ledger: string
  readonly onPlaced: (name: string) => void
}

export function PlaceHold({ ledger, onPlaced }: PlaceHoldProps) {
  const [kind, setKind] = useState<Kind>('query')
  const change = useChange('holds')
  const place = async (form: FormData): Promise<void> => {
    const name = textIn(form, 'name')
    await change('POST', 'v1/holds', { ledger, name, ...heldIn(form, kind), ...whyIn(form) })
    onPlaced(name)
  }
  return (
    <FormDialog
      label="Place a hold"
      isMain
      title="Place a legal hold"
      explanation="What it is about is neither erased nor destroyed by retention, until it is released."
      act="Place it"
      onSubmit={place}
    >
      <TextField
        label="Name"
        name="name"
        required
        pattern="[a-z0-9][a-z0-9\-]{0,62}"
        hint="a–z, 0–9 and -. Kept for ever: let it name nobody."
      />
      <ChoiceField
        label="Holds"
        value={kind}
        onChange={(event) => setKind(event.target.value as Kind)}
        options={[
          ['query', 'records that match a query'],
          ['subject', 'all of somebody'],
          ['range', 'a range of entries'],
        ]}
      />
      <HeldFields kind={kind} />
      <WhyFields />
    </FormDialog>
  )
}

function HeldFields({ kind }: { readonly kind: Kind }) {
  switch (kind) {
    case 'query':
      return (
        <TextField
          label="Query"
          name="query"
          required
          hint="All that match, also later on: service:payments timestamp:2026-01-01..2026-03-31"
        />
      )
    case 'subject':
      return (
        <div className={styles.row}>
          <TextField label="Id, letter by letter" name="id" required />
          <TextField label="Type" name="type" placeholder="any" />
        </div>
      )
    case 'range':
      return (
        <div className={styles.row}>
          <TextField label="First entry" name="from" type="number" min={0} required />
          <TextField label="Last entry" name="last" type="number" min={0} required />
        </div>
      )
  }
}

function heldIn(form: FormData, kind: Kind): Readonly<Record<string, unknown>> {
  switch (kind) {
    case 'query':
      return { query: textIn(form, 'query') }
    case 'subject':
      return { subject: { id: textIn(form, 'id'), type: saidIn(form, 'type') } }
    case 'range':
      return { range: { from: Number(textIn(form, 'from')), to: Number(textIn(form, 'last')) + 1 } }
  }
}
