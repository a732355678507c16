/** Names of ledgers: `[a-z0-9-]{1,63}`; the suffix `.access` belongs to the companion ledgers of reads. */

export const LEDGER_NAME_PATTERN = '^[a-z0-9-]{1,63}$'
const PATTERN = new RegExp(LEDGER_NAME_PATTERN)

/** What is wrong with a name for a new ledger, or undefined. */
export function ledgerNameProblem(name: string): string | undefined {
  if (PATTERN.test(name)) return undefined
  return name.endsWith('.access')
    ? `the suffix .access is reserved for the ledgers that record reads`
    : `a ledger's name is 1 to 63 of a-z, 0-9 and -, got ${JSON.stringify(name.slice(0, 100))}`
}
