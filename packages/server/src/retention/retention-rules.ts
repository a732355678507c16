/** Rules of retention: what they may say, and which of them counts for a record. */
import { hash } from 'node:crypto'
import { type Filter, parseQuery, QueryError } from '@trailproof/core/query'
import { fieldsIn, unseenIn } from '../access/askable.ts'
import type { StoredHold } from '../holds/hold-store.ts'
import type { ReadEntry } from '../ledger/read-entry.ts'
import { type EntryFilter, entryFilter } from '../search/entry-filter.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { RetentionRule } from './retention-store.ts'

export const RULES_MAX = 64

/** As who sees no personal data: a rule must mean the same before and after an erasure. */
const CORE_ALONE = { rows: undefined, personal: 'masked', hidden: [] } as const

/** Throws BAD_REQUEST for rules that cannot be kept to. */
export function assertRules(rules: readonly RetentionRule[]): void {
  if (rules.length > RULES_MAX) throw refused(`at most ${RULES_MAX} rules`)
  const names = new Set(rules.map(({ name }) => name))
  if (names.size < rules.length) throw refused('each rule has a name of its own')
  for (const { name, query } of rules) if (query !== undefined) assertQuery(name, query)
}

function assertQuery(name: string, text: string): void {
  try {
    const query = parseQuery(text)
    if (!query.filter || query.pipes.length > 0)
      throw refused(`rule ${name}: a query that names records, without pipes`)
    if (countsBack(query.filter)) throw refused(`rule ${name}: ages are said by keep_days, not by last`)
    const unseen = unseenIn(fieldsIn(query), CORE_ALONE)
    if (unseen !== undefined)
      throw refused(`rule ${name}: ${unseen} is personal data; a rule asks about core fields alone`)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw refused(`rule ${name}: ${error.message}`)
  }
}

function countsBack(filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.parts.some(countsBack)
    case 'not':
      return countsBack(filter.part)
    case 'field':
      return filter.test.op === 'last'
    case 'text':
    case 'saved':
      return false
  }
}

/** The place of the first rule that matches; undefined: none does, and the record stays for ever. */
export function ruleFinder(rules: readonly RetentionRule[]): (entry: ReadEntry) => number | undefined {
  const tests: EntryFilter[] = rules.map(({ query }) =>
    entryFilter(query === undefined ? undefined : parseQuery(query).filter, 0),
  )
  return (entry) => {
    const at = tests.findIndex((matches) => matches(entry))
    return at < 0 ? undefined : at
  }
}

/**
 * Whether no record is destroyed sooner by the new rules than by the old ones, whatever it is: only times were made longer, or there
 * are no rules any more.
 */
export function isOnlyLonger(was: readonly RetentionRule[], becomes: readonly RetentionRule[]): boolean {
  if (becomes.every(({ keepDays }) => keepDays === undefined)) return true
  return (
    was.length === becomes.length &&
    becomes.every(({ query, keepDays = Infinity }, i) => {
      const { query: asked, keepDays: kept = Infinity } = was[i]!
      return query === asked && keepDays >= kept
    })
  )
}

/** What progress is true of: with other rules or other holds all is looked at anew. */
export function basisOf(rules: readonly RetentionRule[], holds: readonly StoredHold[]): string {
  const held = holds.map(({ ledger, name, heldAt }) => [ledger, name, heldAt])
  return hash('sha256', JSON.stringify([rules, held]))
}

function refused(message: string): TrailproofError {
  return new TrailproofError('BAD_REQUEST', message)
}
