import type { ShownRecord } from '../api/answers.ts'

/** What the server adds to both groups when a record is read (docs/record.md). */
const ADDED = new Set(['ledger', 'index', 'recorded_at', 'erased', 'masked', 'stream'])

export interface ProvenGroups {
  readonly core: Readonly<Record<string, unknown>> | undefined
  /** Undefined: erased since, or not for whoever asks. */
  readonly personal: Readonly<Record<string, unknown>> | undefined
}

export interface Comparison {
  /** Names of fields that are shown otherwise than they were proved. */
  readonly altered: readonly string[]
  /** Names of fields that are shown, and may be in the group that is not there. */
  readonly unproved: readonly string[]
}

/**
 * A server could prove one record and show another. What is proved and not shown is no fault: not everybody sees everything.
 */
export function compareShown(shown: ShownRecord, { core, personal }: ProvenGroups): Comparison {
  const proven: Readonly<Record<string, unknown>> = { ...core, ...personal }
  const differing = Object.entries(shown)
    .filter(([name, value]) => !ADDED.has(name) && JSON.stringify(value) !== JSON.stringify(proven[name]))
    .map(([name]) => name)
  const isAltered = (name: string): boolean => personal !== undefined || Object.hasOwn(proven, name)
  return {
    altered: differing.filter(isAltered),
    unproved: differing.filter((name) => !isAltered(name)),
  }
}
