/** Names of ledgers: `[a-z0-9-]{1,63}`; the suffix `.access` belongs to the companion ledgers of reads. */

export const LEDGER_NAME_PATTERN = '^[a-z0-9-]{1,63}$'
const PATTERN = new RegExp(LEDGER_NAME_PATTERN)

const ACCESS_SUFFIX = '.access'
const ACCESS_LEDGER = /\.access(?:-\d+)?$/

/** The companion ledger in which reads of `ledger` are recorded; of such a ledger it is the same one. */
export function accessLedgerOf(ledger: string): string {
  return isAccessLedger(ledger) ? ledger : ledger + ACCESS_SUFFIX
}

export function isAccessLedger(ledger: string): boolean {
  return ACCESS_LEDGER.test(ledger)
}

/** The ledger whose reads a companion ledger records. */
export function observedLedgerOf(ledger: string): string {
  return ledger.replace(ACCESS_LEDGER, '')
}

/** The first of `<name>-2`, `<name>-3` … that is not taken. */
export function successorName(name: string, taken: ReadonlySet<string>): string {
  const base = name.replace(/-\d+$/, '')
  for (let n = 2; ; n++) if (!taken.has(`${base}-${n}`)) return `${base}-${n}`
}

/** What is wrong with a name for a new ledger, or undefined. */
export function ledgerNameProblem(name: string): string | undefined {
  if (PATTERN.test(name)) return undefined
  return isAccessLedger(name)
    ? `the suffix .access is reserved for the ledgers that record reads`
    : `a ledger's name is 1 to 63 of a-z, 0-9 and -, got ${JSON.stringify(name.slice(0, 100))}`
}
