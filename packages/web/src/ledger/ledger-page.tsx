/** One ledger: what it is, whether it is still the one that this browser knows, how it grew, and what it says of itself. */
import { Asked } from '../parts/asked.tsx'
import { Empty } from '../parts/states.tsx'
import { useLedgers } from '../session/use-ledger.ts'
import { Continuity } from './continuity.tsx'
import { Growth } from './growth.tsx'
import { LedgerFacts } from './ledger-facts.tsx'
import styles from './ledger-page.module.css'
import { OwnEvents } from './own-events.tsx'

export default function LedgerPage() {
  const { query, ledgers, name } = useLedgers()
  const info = ledgers.find((ledger) => ledger.name === name)
  return (
    <main className={styles.page} tabIndex={-1}>
      <Asked query={query} what="the ledger">
        {() =>
          info === undefined ? (
            <Empty title={name === '' ? 'You can read no ledger' : `You can read no ledger named ${name}`} />
          ) : (
            // What was shown of one ledger is nothing of another.
            <div className={styles.content} key={name}>
              <h1 dir="auto">{name}</h1>
              <div className={styles.columns}>
                <LedgerFacts info={info} />
                <Continuity ledger={name} />
              </div>
              <Growth ledger={name} />
              <OwnEvents ledger={name} />
            </div>
          )
        }
      </Asked>
    </main>
  )
}
