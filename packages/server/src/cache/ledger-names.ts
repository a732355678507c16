/** Names in the cache, by ledger: what is put under them is about this ledger alone, not about another of its name. */
import { createHash } from 'node:crypto'

export interface Identity {
  readonly name: string
  readonly origin: string
  readonly dedupeKey: Uint8Array
}

/** Begins the names of what was counted in a ledger: values of personal fields may be in it. */
export function countsBeginningOf(ledger: Identity): string {
  return `${beginningOf(ledger)}q:`
}

/** Begins the names of what is known of its records: nothing of their content is in that. */
export function receiptsBeginningOf(ledger: Identity): string {
  return `${beginningOf(ledger)}r:`
}

/** Whoever has no access to the ledger cannot guess it: its key for sameness, drawn when it was made, is in it. */
function beginningOf({ name, origin, dedupeKey }: Identity): string {
  const hash = createHash('sha256').update('trailproof cache ledger').update(dedupeKey)
  return `${hash
    .update(JSON.stringify([name, origin]))
    .digest('base64url')
    .slice(0, 22)}:`
}
