/** How stores keep whether a ledger is closed, in one column of text: NULL, the name of what follows it, or '' where nothing does. */
import type { ClosedStanding, LedgerStanding } from '../ledger/ledger-store.ts'

export function standingOf(column: string | null): LedgerStanding {
  if (column === null) return { kind: 'open' }
  return column === '' ? { kind: 'deleted' } : { kind: 'closed', successor: column }
}

export function closedColumn(standing: ClosedStanding): string {
  return standing.kind === 'closed' ? standing.successor : ''
}
