import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { counted } from '../parts/counted.ts'
import { AreaField, TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { saidIn, textIn } from '../parts/form-values.ts'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { useChange } from '../session/use-change.ts'
import styles from './admin.module.css'
import { AskedNotice, isAsked, type MaybeAsked } from './asked-notice.tsx'
import { OfLedger } from './of-ledger.tsx'
import { WhyFields, whyIn } from './why-fields.tsx'

interface ErasedSubject {
  readonly complete: boolean
  readonly held: number
  readonly holds: readonly string[]
  readonly records: number
  readonly accesses: number
  readonly quarantined: number
  readonly saved_searches: number
}

interface ErasedRecords {
  readonly erased: readonly string[]
  readonly erasure_index: number
}

const GRAVE =
  'What is erased is destroyed for ever; that it was, on whose authority and why is recorded for ever. Where it takes two, somebody else approves it first.'

/** Destroying personal data: of somebody, or of records by their ids (docs/erasure.md). */
export function Erasures() {
  return <OfLedger>{(ledger) => <ErasuresOf key={ledger} ledger={ledger} />}</OfLedger>
}

function ErasuresOf({ ledger }: { readonly ledger: string }) {
  const change = useChange('approvals', 'own')
  const [said, say] = useState<ReactNode>()
  const [subject, setSubject] = useState('')

  const eraseSubject = async (form: FormData): Promise<void> => {
    const body = { ledger, subject: { id: textIn(form, 'id'), type: saidIn(form, 'type') }, ...whyIn(form) }
    const answer = await change<MaybeAsked<ErasedSubject>>('POST', 'v1/erasures/subject', body)
    say(isAsked(answer) ? <AskedNotice approval={answer.approval} /> : <Outcome of={answer} />)
  }
  const eraseRecords = async (form: FormData): Promise<void> => {
    const ids = textIn(form, 'ids').split(/[\s,]+/)
    const answer = await change<MaybeAsked<ErasedRecords>>('POST', 'v1/erasures', {
      ledger,
      ids,
      ...whyIn(form),
    })
    say(
      isAsked(answer) ? (
        <AskedNotice approval={answer.approval} />
      ) : (
        `Erased ${counted(answer.erased.length, 'record')}; entry ${answer.erasure_index} of ${ledger} says so.`
      ),
    )
  }
  return (
    <>
      <Notice>{said}</Notice>
      <Panel title={`Somebody, in ledger ${ledger}`}>
        <p>
          Every record that they did, or that was done in their name or to them; what was asked about them;
          what of them is in quarantine and in saved searches. What a legal hold keeps stays.
        </p>
        <div className={styles.look}>
          <TextField
            label="Look first: which records name them?"
            placeholder="id, letter by letter"
            value={subject}
            onChange={(event) => setSubject(event.target.value)}
          />
          {subject !== '' && (
            <Link to="/" search={{ ledger, q: namesQuery(subject), last: '' }}>
              Show their records
            </Link>
          )}
        </div>
        <div className={styles.acts}>
          <FormDialog
            label="Erase somebody"
            isGrave
            title={`Erase somebody from ledger ${ledger}`}
            explanation={GRAVE}
            act="Erase them"
            onSubmit={eraseSubject}
          >
            <div className={styles.row}>
              <TextField
                label="Id, letter by letter"
                name="id"
                required
                maxLength={512}
                defaultValue={subject}
              />
              <TextField label="Type" name="type" placeholder="any" maxLength={512} />
            </div>
            <WhyFields />
          </FormDialog>
        </div>
      </Panel>
      <Panel title={`Records, in ledger ${ledger}`}>
        <p>The personal group of records that are named by their ids; core group and proofs stay.</p>
        <div className={styles.acts}>
          <FormDialog
            label="Erase records"
            isGrave
            title={`Erase records of ledger ${ledger}`}
            explanation={GRAVE}
            act="Erase them"
            onSubmit={eraseRecords}
          >
            <AreaField label="Ids of the records" name="ids" required hint="One a line, at most 1,000." />
            <WhyFields />
          </FormDialog>
        </div>
      </Panel>
    </>
  )
}

function Outcome({ of }: { readonly of: ErasedSubject }) {
  const { records, accesses, quarantined, saved_searches: saved, complete, held, holds } = of
  return (
    <>
      <p>
        <strong>Erased:</strong> {counted(records, 'record')}, {accesses} accesses, {quarantined} quarantined
        records and {saved} saved searches.
      </p>
      {held > 0 && (
        <p>
          Kept by legal holds ({holds.join(', ')}): {counted(held, 'record')}.
        </p>
      )}
      {!complete && held === 0 && <p>There is more: ask again to go on.</p>}
    </>
  )
}

function namesQuery(id: string): string {
  const quoted = `"${id.replaceAll(/["\\]/g, String.raw`\$&`)}"`
  return `actor.id:${quoted} OR actor.on_behalf_of:${quoted} OR targets.id:${quoted}`
}
