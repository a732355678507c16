import { TextField } from '../parts/field.tsx'
import { textIn } from '../parts/form-values.ts'

const TEXT_MAX = 1000

/** On whose authority, and why: the ledger keeps both for ever. */
export function WhyFields() {
  return (
    <>
      <TextField
        label="Authority"
        name="authority"
        required
        maxLength={TEXT_MAX}
        hint="Who or what law asks for it, such as GDPR Art. 17. Kept for ever."
      />
      <TextField
        label="Reason"
        name="reason"
        required
        maxLength={TEXT_MAX}
        hint="Kept for ever: name nobody."
      />
    </>
  )
}

export function whyIn(form: FormData): { readonly authority: string; readonly reason: string } {
  return { authority: textIn(form, 'authority'), reason: textIn(form, 'reason') }
}
