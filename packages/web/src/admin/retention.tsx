import { type ReactNode, useState } from 'react'
import { Asked } from '../parts/asked.tsx'
import { Notice } from '../parts/notice.tsx'
import { Panel } from '../parts/panel.tsx'
import { useGet } from '../session/use-get.ts'
import { Moment } from '../time/moment.tsx'
import styles from './admin.module.css'
import { OfLedger } from './of-ledger.tsx'
import { RetentionForm } from './retention-form.tsx'
import type { RetentionRules } from './retention-rules.ts'

/** How long the records of a ledger are kept (docs/retention.md). */
export function Retention() {
  return <OfLedger>{(ledger) => <Rules key={ledger} ledger={ledger} />}</OfLedger>
}

function Rules({ ledger }: { readonly ledger: string }) {
  const retention = useGet<RetentionRules>('retention', `v1/retention/${encodeURIComponent(ledger)}`)
  const [said, say] = useState<ReactNode>()
  return (
    <>
      <Notice>{said}</Notice>
      <Panel title={`Rules of ledger ${ledger}`}>
        <p className={styles.quiet}>
          The first rule that matches a record counts; a record that none matches stays for ever. Age is that
          of its recording.
        </p>
        <Asked query={retention} what="the rules">
          {({ rules, changed_by: by, changed_at: at }) => (
            <>
              {by !== null && at !== null && (
                <p className={styles.quiet}>
                  {by.name} said so at <Moment at={at} />.
                </p>
              )}
              {/* What another change made of them is what is edited next. */}
              <RetentionForm key={at ?? ''} ledger={ledger} rules={rules} onAsked={say} />
            </>
          )}
        </Asked>
      </Panel>
    </>
  )
}
