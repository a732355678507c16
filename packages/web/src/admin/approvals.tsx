import { useState } from 'react'
import { Asked } from '../parts/asked.tsx'
import { Button } from '../parts/button.tsx'
import { DataTable } from '../parts/data-table.tsx'
import { ChoiceField } from '../parts/field.tsx'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { Empty } from '../parts/states.tsx'
import { useGet } from '../session/use-get.ts'
import { Moment } from '../time/moment.tsx'
import type { ApprovalFacts } from './approval-answers.ts'
import { ApprovalPanel } from './approval-panel.tsx'
import { ACT_TITLES } from './approval-titles.ts'
import { StateText } from './state-text.tsx'

const TONES = {
  asked: 'waits',
  approved: 'waits',
  done: 'good',
  failed: 'bad',
  rejected: 'plain',
  withdrawn: 'plain',
  expired: 'plain',
} as const

/** What somebody asks for and somebody else decides (docs/erasure.md). */
export function Approvals() {
  const [state, setState] = useState('asked')
  const [chosen, setChosen] = useState<string>()
  const [said, say] = useState<string>()
  const approvals = useGet<{ approvals: readonly ApprovalFacts[] }>('approvals', 'v1/approvals', {
    parameters: { state },
  })
  return (
    <>
      <Notice>{said}</Notice>
      {chosen !== undefined && (
        <ApprovalPanel
          key={chosen}
          id={chosen}
          onClose={() => setChosen(undefined)}
          onDecided={(what) => {
            say(what)
            setChosen(undefined)
          }}
        />
      )}
      <Panel
        title="What takes two"
        acts={
          <ChoiceField
            label="Show"
            value={state}
            onChange={(event) => setState(event.target.value)}
            options={[
              ['asked', 'what waits'],
              ['', 'all of the last 90 days'],
            ]}
          />
        }
      >
        <Asked query={approvals} what="the approvals">
          {(answer) =>
            answer.approvals.length === 0 ? (
              <Empty title={state === 'asked' ? 'Nothing waits for you' : 'Nothing was asked for'} />
            ) : (
              <DataTable
                label="Approvals"
                rows={answer.approvals}
                keyOf={({ id }) => id}
                columns={[
                  { title: 'What', show: ({ act }) => <strong>{ACT_TITLES[act] ?? act}</strong> },
                  { title: 'Ledger', show: ({ ledger }) => ledger },
                  {
                    title: 'State',
                    show: (each) => <StateText tone={TONES[each.state]}>{each.state}</StateText>,
                  },
                  { title: 'Asked by', show: ({ asked_by: by }) => by.name },
                  { title: 'Asked at', show: ({ asked_at: at }) => <Moment at={at} /> },
                  { title: 'Decided by', show: ({ decision }) => decision?.by.name ?? '' },
                ]}
                acts={({ id, act }) => (
                  <Button aria-label={`Look at it: ${ACT_TITLES[act] ?? act}`} onClick={() => setChosen(id)}>
                    Look at it
                  </Button>
                )}
              />
            )
          }
        </Asked>
      </Panel>
    </>
  )
}
