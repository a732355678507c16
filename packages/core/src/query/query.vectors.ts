/** Runs spec/vectors/query.json. */

import { mismatch, type VectorFile } from '../vector-suite.ts'
import { formatQuery } from './format-query.ts'
import { recordMatcher } from './match-record.ts'
import { parseQuery } from './parse-query.ts'
import { QueryError } from './query-error.ts'
import { timeBounds } from './time-bounds.ts'
import { wordsOf } from './words.ts'

interface ParsedCase {
  readonly query: string
  readonly ast: unknown
  /** The same query as it is written back. */
  readonly text: string
}

interface RefusedCase {
  readonly query: string
  /** Once for each repetition, so that long queries stay short here. Default 1. */
  readonly repeat?: number
  /** With the suggestion in place of these characters the query is read, or refused for something else. */
  readonly refused: { readonly position: number; readonly length: number; readonly suggestion?: string }
}

interface MatchCase {
  readonly now_ms: number
  readonly record: {
    readonly core: Readonly<Record<string, unknown>>
    readonly personal?: Readonly<Record<string, unknown>>
    readonly recorded_at_us: number
  }
  readonly matches: readonly string[]
  readonly misses: readonly string[]
}

interface WordsCase {
  readonly words_of: string
  readonly words: readonly string[]
}

interface BoundsCase {
  readonly now_ms: number
  readonly query: string
  readonly bounds: { readonly from_ms?: number; readonly to_ms?: number }
}

type QueryCase = ParsedCase | RefusedCase | MatchCase | WordsCase | BoundsCase

/** Messages are for people and not part of the specification; places and suggestions are. */
export function runQueryVectors({ cases }: VectorFile<QueryCase>): string[] {
  return cases.flatMap((each, i) => {
    if ('refused' in each) return runRefused(each, i)
    if ('ast' in each) return runParsed(each, i)
    if ('words' in each) return mismatch(i, 'words', wordsOf(each.words_of), each.words)
    if ('record' in each) return runMatches(each, i)
    const { fromMs, toMs } = timeBounds(parseQuery(each.query).filter, each.now_ms)
    return mismatch(i, 'bounds', { from_ms: fromMs, to_ms: toMs }, each.bounds)
  })
}

function runRefused({ query, repeat = 1, refused }: RefusedCase, i: number): string[] {
  const text = query.repeat(repeat)
  const { position, length, suggestion } = refused
  const found = mismatch(i, 'refusal', refusal(text), refused)
  if (suggestion === undefined) return found
  const better = text.slice(0, position) + suggestion + text.slice(position + length)
  const isSame = JSON.stringify(refusal(better)) === JSON.stringify(refused)
  return [...found, ...mismatch(i, `refusal of ${better} for the same`, isSame, false)]
}

function runParsed({ query, ast, text }: ParsedCase, i: number): string[] {
  const parsed = parseQuery(query)
  return [
    ...mismatch(i, 'query', parsed, ast),
    ...mismatch(i, 'text', formatQuery(parsed), text),
    ...mismatch(i, 'query of its own text', parseQuery(text), ast),
  ]
}

function runMatches({ now_ms, record, matches, misses }: MatchCase, i: number): string[] {
  const { core, personal, recorded_at_us } = record
  const searched = { core, personal, recordedAt: recorded_at_us }
  const holds = (query: string): boolean =>
    recordMatcher(parseQuery(query).filter, { nowMs: now_ms })(searched)
  return [
    ...matches.flatMap((query) => mismatch(i, `${query} on the record`, holds(query), true)),
    ...misses.flatMap((query) => mismatch(i, `${query} on the record`, holds(query), false)),
  ]
}

function refusal(query: string): unknown {
  try {
    parseQuery(query)
    return undefined
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const { position, length, suggestion } = error
    return { position, length, suggestion }
  }
}
