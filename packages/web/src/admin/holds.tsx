import { type ReactNode, useState } from 'react'
import { addressOf } from '../api/client.ts'
import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty } from '../parts/states.tsx'
import { useChange } from '../session/use-change.ts'
import { useGet } from '../session/use-get.ts'
import { Moment } from '../time/moment.tsx'
import { AskedNotice, isAsked, type MaybeAsked } from './asked-notice.tsx'
import { OfLedger } from './of-ledger.tsx'
import { PlaceHold } from './place-hold.tsx'
import { WhyFields, whyIn } from './why-fields.tsx'

interface Hold {
  readonly name: string
  /** Null where it is masked. */
  readonly held: {
    readonly query?: string
    readonly subject?: { readonly id: string; readonly type?: string }
    readonly range?: { readonly from: number; readonly to: number }
  } | null
  readonly authority: string
  readonly reason: string
  readonly held_by: { readonly name: string }
  readonly held_at: string
}

/** What is neither erased nor destroyed by retention (docs/erasure.md). */
export function Holds() {
  return <OfLedger>{(ledger) => <HoldsOf key={ledger} ledger={ledger} />}</OfLedger>
}

function HoldsOf({ ledger }: { readonly ledger: string }) {
  const holds = useGet<{ holds: readonly Hold[] }>('holds', 'v1/holds', { parameters: { ledger } })
  const change = useChange('holds', 'approvals')
  const [said, say] = useState<ReactNode>()
  const release = async (name: string, form: FormData): Promise<void> => {
    const place = addressOf(`v1/holds/${encodeURIComponent(name)}`, { ledger, ...whyIn(form) })
    const answer = await change<MaybeAsked<{ readonly hold: string }>>('DELETE', place)
    say(isAsked(answer) ? <AskedNotice approval={answer.approval} /> : `The hold ${answer.hold} has ended.`)
  }
  return (
    <>
      <Notice>{said}</Notice>
      <Panel
        title={`Of ledger ${ledger}`}
        acts={<PlaceHold ledger={ledger} onPlaced={(name) => say(`The hold ${name} began.`)} />}
      >
        <Asked query={holds} what="the holds">
          {(answer) =>
            answer.holds.length === 0 ? (
              <Empty title="Nothing is held" />
            ) : (
              <DataTable
                label="Legal holds"
                rows={answer.holds}
                keyOf={({ name }) => name}
                columns={[
                  { title: 'Name', show: ({ name }) => <strong>{name}</strong> },
                  { title: 'Holds', show: heldText },
                  { title: 'Authority', show: ({ authority }) => authority },
                  { title: 'Reason', show: ({ reason }) => reason },
                  { title: 'By', show: ({ held_by: by }) => by.name },
                  { title: 'Since', show: ({ held_at: at }) => <Moment at={at} /> },
                ]}
                acts={({ name }) => (
                  <FormDialog
                    label="Release"
                    of={name}
                    isGrave
                    title={`Release the hold ${name}?`}
                    explanation="What it held can be erased and destroyed then. Where it takes two, somebody else approves it first."
                    act="Release it"
                    onSubmit={(form) => release(name, form)}
                  >
                    <WhyFields />
                  </FormDialog>
                )}
              />
            )
          }
        </Asked>
      </Panel>
    </>
  )
}

function heldText({ held }: Hold): string {
  if (held === null) return 'masked'
  if (held.query !== undefined) return `records that match ${held.query}`
  if (held.range !== undefined) return `entries ${held.range.from} to ${held.range.to - 1}`
  return `all of ${held.subject?.type ?? ''} ${held.subject?.id ?? ''}`
}
