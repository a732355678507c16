import { Link } from '@tanstack/react-router'
import { Moment } from '../time/moment.tsx'
import type { ApprovalFacts } from './approval-answers.ts'

/** What the server says where it takes two: that somebody was asked. */
export type MaybeAsked<Answer> = Answer | { readonly approval: ApprovalFacts }

export function isAsked<Answer extends object>(
  answer: MaybeAsked<Answer>,
): answer is { readonly approval: ApprovalFacts } {
  return 'approval' in answer
}

export function AskedNotice({ approval }: { readonly approval: ApprovalFacts }) {
  return (
    <p>
      <strong>Asked, not done.</strong> Somebody else approves it before <Moment at={approval.expires_at} />,
      in{' '}
      <Link to="/admin/$section" params={{ section: 'approvals' }} search={{ ledger: approval.ledger }}>
        Approvals
      </Link>
      .
    </p>
  )
}
