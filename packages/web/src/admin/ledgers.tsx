import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import type { LedgerInfo } from '../api/answers.ts'
import { Asked } from '../parts/asked.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { textIn } from '../parts/form-values.ts'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { useSession } from '../session/session.tsx'
import { useChange } from '../session/use-change.ts'
import { useLedgers } from '../session/use-ledger.ts'
import { DeleteLedger, isDeletable } from './delete-ledger.tsx'
import { StateText } from './state-text.tsx'

const TONES = { open: 'good', closed: 'plain', deleted: 'plain', blocked: 'bad' } as const

export function Ledgers() {
  const { may } = useSession()
  const { query } = useLedgers()
  const change = useChange('ledgers')
  const [said, say] = useState<ReactNode>()
  const make = async (form: FormData): Promise<void> => {
    const { name } = await change<LedgerInfo>('POST', 'v1/ledgers', { name: textIn(form, 'name') })
    say(`The ledger ${name} takes records.`)
  }
  const rebuild = async (name: string): Promise<void> => {
    await change('POST', `v1/ledgers/${encodeURIComponent(name)}/index/rebuild`)
    say(`The index of ${name} is built anew; until then searches find less.`)
  }
  return (
    <>
      <Notice>{said}</Notice>
      <Panel
        title="Ledgers that you can read"
        acts={
          may('make-ledgers') && (
            <FormDialog
              label="Make a ledger"
              isMain
              title="Make a ledger"
              explanation="With a tree, a key and access of its own. Its name stays taken, also once it is deleted."
              act="Make it"
              onSubmit={make}
            >
              <TextField
                label="Name"
                name="name"
                required
                maxLength={63}
                pattern="[a-z0-9\-]+"
                hint="a–z, 0–9 and -"
              />
            </FormDialog>
          )
        }
      >
        <Asked query={query} what="the ledgers">
          {({ ledgers }) => (
            <DataTable
              label="Ledgers"
              rows={ledgers}
              keyOf={({ name }) => name}
              columns={[
                {
                  title: 'Name',
                  show: ({ name }) => (
                    <Link to="/ledger" search={{ ledger: name }}>
                      {name}
                    </Link>
                  ),
                },
                {
                  title: 'State',
                  show: ({ state: { kind } }) => <StateText tone={TONES[kind]}>{kind}</StateText>,
                },
                { title: 'Entries', isFigure: true, show: ({ size }) => size.toLocaleString('en') },
                {
                  title: 'Not indexed',
                  isFigure: true,
                  show: ({ size, indexed_size: indexed }) => (size - indexed).toLocaleString('en'),
                },
              ]}
              acts={(ledger) => (
                <>
                  {may('rebuild-index') && (
                    <FormDialog
                      label="Rebuild the index"
                      of={ledger.name}
                      title={`Build the index of ${ledger.name} anew?`}
                      explanation="Searches find less until it has caught up. The ledger itself is not touched."
                      act="Build it anew"
                      onSubmit={() => rebuild(ledger.name)}
                    />
                  )}
                  {may('delete-ledger') && isDeletable(ledger) && (
                    <DeleteLedger name={ledger.name} onAsked={say} />
                  )}
                </>
              )}
            />
          )}
        </Asked>
      </Panel>
    </>
  )
}
