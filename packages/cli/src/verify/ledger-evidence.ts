/** One ledger with everything its verdict rests on, wherever it is read from. */

import { existsSync, readFileSync } from 'node:fs'
import { parseVerifierKey, readCheckpoint, type VerifierKey } from '@trailproof/core'
import { sha256 } from '@trailproof/server/ports'
import type { EvidenceSource } from '@trailproof/verify'
import { usageFailure } from '../failure.ts'

/** Who vouches for the verifier key. `server`: whoever is being judged, which convinces nobody else. */
export type KeysFrom = 'pinned' | 'key-file' | 'server' | 'nobody'

export interface LedgerEvidence {
  readonly name: string
  readonly source: EvidenceSource
  readonly verifierKeys: readonly VerifierKey[]
  readonly keysFrom: KeysFrom
  /** Signed checkpoints kept apart from what is judged. */
  readonly remembered: readonly string[]
  /** Entries there are in all, as far as the source says. */
  readonly storedSize: number
  /** Whether the newest signature was looked for where it is kept, apart from the data. */
  readonly hasLock: boolean
  /** Why the source withholds content, once it did; undefined where nobody said. */
  readonly withheldBecause?: () => string | undefined
}

/** Evidence that can be read anew when the ledger has gone on meanwhile. */
export interface EvidencePlace extends AsyncDisposable {
  /** Names of the ledgers to judge. */
  readonly names: readonly string[]
  /** The ledger with its newest checkpoint. */
  open(name: string): Promise<LedgerEvidence>
  /** What the place says has succeeded a ledger, the oldest first, whichever ledgers are to be judged: each has to prove that. */
  successorsOf(name: string): Promise<readonly LedgerEvidence[]>
}

/** The ledgers that succeeded one another after that one. `successors`: by what each was succeeded, if it was. */
export function successorsIn(
  name: string,
  successors: ReadonlyMap<string, string | undefined>,
): readonly string[] {
  const found: string[] = []
  for (let at = successors.get(name); at !== undefined && !found.includes(at); at = successors.get(at))
    found.push(at)
  return found
}

/** Verifier keys as the command line gives them: the text itself, or a file with one a line. */
export function pinnedKeys(given: readonly string[]): VerifierKey[] {
  return given.flatMap((text) => {
    const lines = !text.includes('+') && existsSync(text) ? readFileSync(text, 'utf8').split('\n') : [text]
    return lines.filter((line) => line.trim() !== '' && !line.startsWith('#')).map(pinnedKey)
  })
}

function pinnedKey(text: string): VerifierKey {
  const parsed = parseVerifierKey(text.trim(), sha256)
  if (parsed.kind === 'problem')
    throw usageFailure(
      `--vkey: ${parsed.problem}`,
      'it looks like <origin>+<8 hex digits>+<base64>; trailproof ledger show prints it',
    )
  return parsed.key
}

/**
 * The keys that were pinned for a ledger, by its name: keys of other ledgers have no say, but a key of the same
 * name with another origin does, and convicts whoever shows a ledger under an origin of their own.
 */
export function keysOfLedger(keys: readonly VerifierKey[], ledger: string): readonly VerifierKey[] {
  return keys.filter(({ name }) => name.slice(name.lastIndexOf('/') + 1) === ledger)
}

/** The checkpoint of the most entries; '' when there is none. */
export function newestCheckpoint(notes: readonly string[]): string {
  let newest = ''
  let size = -1
  for (const note of notes) {
    const parsed = readCheckpoint(note)
    if (parsed.kind === 'checkpoint' && parsed.size > size) {
      newest = note
      size = parsed.size
    }
  }
  return newest
}
