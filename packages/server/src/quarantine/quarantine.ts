/** Keeps records that can never be valid as they are, so that a person can look, mend and send them again. */
import { uuidv7 } from 'uuidv7'
import type { Directory, QuarantinedRecord } from '../directory/directory.ts'
import { numberIn, type StreamNumber } from '../streams/stream-number.ts'

/** A record that failed, as accept hands it over. */
export interface BadRecord {
  /** Its text, at most 1 MiB. */
  readonly source: string
  readonly problems: readonly unknown[]
}

export type QuarantineReceipt =
  | { readonly kind: 'quarantined'; readonly quarantineId: string }
  /** There is no room left: the sender must keep the record. */
  | { readonly kind: 'refused' }

export interface QuarantineOptions {
  /** Records kept in all. */
  readonly recordsMax: number
  /** ms since 1970. */
  readonly now: () => number
  /** Told the stream numbers of what is kept: they are accounted for, not missing. */
  readonly seen: (ledger: string, numbers: readonly StreamNumber[]) => Promise<void>
}

export class Quarantine {
  readonly #store: Pick<Directory, 'quarantine'>
  readonly #options: QuarantineOptions

  constructor(store: Pick<Directory, 'quarantine'>, options: QuarantineOptions) {
    this.#store = store
    this.#options = options
  }

  /** Keeps all of them, durable when resolved, or refuses all of them when there is no room. */
  async keep(
    records: readonly BadRecord[],
    from: { readonly ledger: string; readonly keyPrefix: string },
  ): Promise<QuarantineReceipt[]> {
    if (records.length === 0) return []
    const receivedAt = this.#options.now()
    const kept: QuarantinedRecord[] = records.map(({ source, problems }) => ({
      id: uuidv7(),
      receivedAt,
      problems,
      source,
      ...from,
    }))
    const hadRoom = await this.#store.quarantine(kept, this.#options.recordsMax)
    if (hadRoom) await this.#countAsSeen(from.ledger, kept)
    return kept.map(({ id }) => (hadRoom ? { kind: 'quarantined', quarantineId: id } : { kind: 'refused' }))
  }

  async #countAsSeen(ledger: string, kept: readonly QuarantinedRecord[]): Promise<void> {
    const known = kept.map(numberOf).filter((number) => number !== undefined)
    if (known.length > 0) await this.#options.seen(ledger, known)
  }
}

/** The number of a stream that a quarantined record carries, if it can be read. */
export function numberOf({
  source,
  receivedAt,
}: Pick<QuarantinedRecord, 'source' | 'receivedAt'>): StreamNumber | undefined {
  return numberIn(parsed(source)?.stream, receivedAt)
}

function parsed(source: string): { readonly stream?: unknown } | null | undefined {
  try {
    return JSON.parse(source) as { stream?: unknown } | null
  } catch {
    return undefined // much of what is here is here because it is not JSON
  }
}
