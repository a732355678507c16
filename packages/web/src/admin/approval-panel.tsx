import { Asked } from '../parts/asked.tsx'
import { Button } from '../parts/button.tsx'
import { Facts } from '../parts/facts.tsx'
import { TextField } from '../parts/field.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { textIn } from '../parts/form-values.ts'
import { Panel } from '../parts/panel.tsx'
import { useSession } from '../session/session.tsx'
import { useChange } from '../session/use-change.ts'
import { useGet } from '../session/use-get.ts'
import { Moment } from '../time/moment.tsx'
import styles from './admin.module.css'
import type { Approval, ApprovalFacts } from './approval-answers.ts'
import { ACT_TITLES } from './approval-titles.ts'

interface ApprovalPanelProps {
  readonly id: string
  readonly onClose: () => void
  readonly onDecided: (said: string) => void
}

/** What exactly is asked for. The look at it is recorded. */
export function ApprovalPanel({ id, onClose, onDecided }: ApprovalPanelProps) {
  const approval = useGet<Approval>('approval', `v1/approvals/${encodeURIComponent(id)}`)
  return (
    <Panel title="What is asked for" isOpened acts={<Button onClick={onClose}>Close</Button>}>
      <Asked query={approval} what="the request">
        {(asked) => (
          <>
            <Shown approval={asked} />
            {asked.state === 'asked' && <Decisions approval={asked} onDecided={onDecided} />}
          </>
        )}
      </Asked>
    </Panel>
  )
}

function Shown({ approval }: { readonly approval: Approval }) {
  const { act, ledger, state, asked_by: by, asked_at: at, expires_at: until, decision, outcome } = approval
  return (
    <>
      <Facts
        of={{
          What: <strong>{ACT_TITLES[act] ?? act}</strong>,
          Ledger: ledger,
          State: state,
          'Asked by': `${by.name} (${by.id})`,
          'Asked at': <Moment at={at} />,
          Until: <Moment at={until} />,
          ...(decision !== null && {
            'Decided by': `${decision.by.name} (${decision.by.id})`,
            'Decided at': <Moment at={decision.at} />,
            'Why so': decision.reason,
          }),
          ...(outcome !== null && { 'Came of it': JSON.stringify(outcome) }),
          Digest: <code>{approval.digest}</code>,
        }}
      />
      {approval.request === null ? (
        <p className={styles.quiet}>
          What exactly was asked for is destroyed, as nothing becomes of it any more: it may have named
          somebody.
        </p>
      ) : (
        <pre className={styles.text} tabIndex={0} aria-label="What exactly is asked for">
          {JSON.stringify(approval.request, undefined, 2)}
        </pre>
      )}
    </>
  )
}

interface DecisionsProps extends Pick<ApprovalPanelProps, 'onDecided'> {
  readonly approval: Approval
}

function Decisions({ approval: { id, digest, act, asked_by: by }, onDecided }: DecisionsProps) {
  const { me } = useSession()
  const change = useChange('approvals', 'approval')
  const decide = async (decision: string, form: FormData): Promise<void> => {
    const body = { reason: textIn(form, 'reason'), ...(decision === 'approve' && { digest }) }
    const place = `v1/approvals/${encodeURIComponent(id)}/${decision}`
    const { state } = await change<ApprovalFacts>('POST', place, body)
    onDecided(`${ACT_TITLES[act] ?? act}: ${state}.`)
  }
  if (by.id === me.id)
    return (
      <div className={styles.acts}>
        <FormDialog
          label="Withdraw it"
          title="Take back what you asked for?"
          act="Withdraw it"
          onSubmit={(form) => decide('withdraw', form)}
        >
          <Reason />
        </FormDialog>
      </div>
    )
  return (
    <div className={styles.acts}>
      <FormDialog
        label="Approve"
        isMain
        isGrave
        title={`${ACT_TITLES[act] ?? act}: approve it?`}
        explanation="The server does it at once. It cannot be taken back."
        act="Approve and do it"
        onSubmit={(form) => decide('approve', form)}
      >
        <p>
          What you looked at has the digest <code>{digest}</code>.
        </p>
        <Reason />
      </FormDialog>
      <FormDialog
        label="Reject"
        title="Reject it?"
        act="Reject it"
        onSubmit={(form) => decide('reject', form)}
      >
        <Reason />
      </FormDialog>
    </div>
  )
}

function Reason() {
  return (
    <TextField
      label="Reason"
      name="reason"
      required
      maxLength={1000}
      hint="Recorded with the accesses of the ledger."
    />
  )
}
