/** The record as the API serves it: both groups as one object, with its place in the ledger. */

import type { CoreGroup } from './core-group.ts'
import type { PersonalGroup } from './personal-group.ts'

export interface EntryPlace {
  /** RFC 3339; the time that the leaf holds. */
  readonly recordedAt: string
  readonly index: number
  readonly ledger: string
}

/** Core fields are always there; personal ones unless they were erased. */
export type RecordView = Omit<CoreGroup, 'stream'> &
  Partial<Omit<PersonalGroup, 'stream_chain'>> & {
    readonly stream?: {
      readonly id?: string
      readonly seq?: number
      readonly prev_hash?: string
      readonly hash?: string
    }
    readonly recorded_at: string
    readonly ledger: string
    readonly index: number
    /** The groups whose content was destroyed; absent when none was. */
    readonly erased?: readonly 'personal'[]
    /**
     * What whoever asks does not see, whether it is there or not: `personal` for the whole group, or names of fields.
     * Absent when all that there is is shown. What is masked is missing, and `erased` is not said of a masked group.
     */
    readonly masked?: readonly string[]
  }

/**
 * Reads the stored text of both groups, `personal` being undefined once it is erased. Throws SyntaxError for
 * text that is not JSON: the caller has checked these bytes against the leaf, or says that it has not.
 */
export function readRecord(core: string, personal: string | undefined, place: EntryPlace): RecordView {
  const { stream, ...kept } = JSON.parse(core) as CoreGroup // written by prepareRecord
  const erasable = personal === undefined ? undefined : (JSON.parse(personal) as PersonalGroup)
  const { stream_chain: chain, ...content } = erasable ?? {}
  const whole = stream === undefined && chain === undefined ? undefined : { ...stream, ...chain }
  return {
    ...kept,
    ...content,
    ...(whole !== undefined && { stream: whole }),
    recorded_at: place.recordedAt,
    ledger: place.ledger,
    index: place.index,
    ...(personal === undefined && { erased: ['personal'] as const }),
  } as RecordView // the spread of optional members widens them to undefined
}
