import type { ReactNode } from 'react'
import type { LedgerInfo } from '../api/answers.ts'
import { addressOf } from '../api/client.ts'
import { TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { useChange } from '../session/use-change.ts'
import { AskedNotice, isAsked, type MaybeAsked } from './asked-notice.tsx'
import { WhyFields, whyIn } from './why-fields.tsx'

interface DeleteLedgerProps {
  readonly name: string
  /** Told what became of it. */
  readonly onAsked: (said: ReactNode) => void
}

/** Asks for the end of a ledger, whose name is typed: it is the gravest thing there is (docs/erasure.md). */
export function DeleteLedger({ name, onAsked }: DeleteLedgerProps) {
  const change = useChange('ledgers', 'approvals')
  const remove = async (form: FormData): Promise<void> => {
    const place = addressOf(`v1/ledgers/${encodeURIComponent(name)}`, whyIn(form))
    const answer = await change<MaybeAsked<{ readonly records: number }>>('DELETE', place)
    onAsked(
      isAsked(answer) ? (
        <AskedNotice approval={answer.approval} />
      ) : (
        `The ledger ${name} is deleted: ${answer.records.toLocaleString('en')} records are erased.`
      ),
    )
  }
  return (
    <FormDialog
      label="Delete"
      of={name}
      isGrave
      title={`Delete the ledger ${name}?`}
      explanation="All that it holds, and what those held that it has succeeded, is erased for ever but what they recorded of themselves; it takes no more records, and its name is never used again. Its proofs stay, and who read it stays on record. Where it takes two, somebody else approves it first."
      act="Delete it"
      onSubmit={remove}
    >
      <WhyFields />
      <TextField
        label="Name of the ledger"
        required
        pattern={name}
        title={name}
        hint={`Type ${name} to go on.`}
      />
    </FormDialog>
  )
}

/** A ledger of accesses goes by its retention alone, and one that was succeeded takes no entry. */
export function isDeletable({ name, state }: LedgerInfo): boolean {
  return state.kind === 'open' && !/\.access(-\d+)?$/.test(name)
}
