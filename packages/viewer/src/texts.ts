/** All that is said in words of our own; a product may say it in another language. */
import type { Outcome } from './shown-record.ts'

export interface ViewerTexts {
  readonly records: string
  readonly search: string
  readonly searchButton: string
  readonly more: string
  readonly loading: string
  readonly empty: string
  readonly nothingFound: string
  readonly expired: string
  readonly refused: string
  readonly failed: string
  readonly again: string
  readonly nobody: string
  readonly noAction: string
  readonly noDetails: string
  readonly reason: string
  readonly targets: string
  readonly from: string
  readonly what: string
  readonly before: string
  readonly after: string
  readonly none: string
  readonly hidden: string
  readonly outcomes: Readonly<Record<Outcome, string>>
  /** How many are shown, for who does not see the list. */
  readonly shown: (count: number) => string
}

export const ENGLISH: ViewerTexts = {
  records: 'Audit log',
  search: 'Search the audit log',
  searchButton: 'Search',
  more: 'Load more',
  loading: 'Loading…',
  empty: 'Nothing has been recorded yet.',
  nothingFound: 'Nothing matches this search.',
  expired: 'This view has ended. Load the page again to go on.',
  refused: 'You may not see this.',
  failed: 'The audit log cannot be reached.',
  again: 'Try again',
  nobody: 'not shown',
  noAction: 'record',
  noDetails: 'No more is known of this.',
  reason: 'Reason',
  targets: 'On',
  from: 'From',
  what: 'What',
  before: 'Before',
  after: 'After',
  none: 'none',
  hidden: 'hidden',
  outcomes: { success: 'Success', failure: 'Failure', denied: 'Denied', unknown: 'Unknown' },
  shown: (count) => `${count} shown`,
}
