/**
 * Remembers counts: histograms, facets, tables. An answer is named by the question, by what the ledger is and holds (its root hash), and
 * by its erasures: whatever changes one of these asks under another name, so that nothing remembered is ever out of date.
 */
import { createHash } from 'node:crypto'
import { readCheckpoint } from '@trailproof/core'
import type { LedgerTable } from '../ledger/ledger-table.ts'
import type { WorkerApi } from '../process/worker-call.ts'
import type { SearchHandlers } from '../search/search-worker.ts'
import type { CountRequest, MatchCount, TallyAnswer, TallyQuery } from '../search/searcher.ts'
import type { CacheReports } from './cache-reports.ts'
import type { CacheSeal } from './cache-seal.ts'
import type { CacheStore } from './cache-store.ts'
import { countRequestText } from './count-request.ts'
import type { ErasureGate } from './erasure-gate.ts'
import { countsBeginningOf } from './ledger-names.ts'
import { decodeCount, decodeTally, encodeCount, encodeTally } from './stored-count.ts'

export interface CountCacheDeps {
  readonly store: CacheStore
  readonly seal: CacheSeal
  readonly reports: CacheReports
  readonly ledgers: LedgerTable
  readonly gate: Pick<ErasureGate, 'erasures'>
  /** Whether all that this server has indexed could be: what it counts is then what any server counts. */
  readonly isIndexWhole: () => boolean
}

type Searcher = WorkerApi<SearchHandlers>

interface Codec<Answer> {
  readonly encode: (answer: Answer) => Uint8Array | undefined
  readonly decode: (bytes: Uint8Array) => Answer | undefined
}

const TALLY: Codec<TallyAnswer> = { encode: encodeTally, decode: decodeTally }
const COUNT: Codec<MatchCount> = { encode: encodeCount, decode: decodeCount }

/** The searcher as it is, with counts that are remembered. */
export function rememberCounts(searcher: Searcher, deps: CountCacheDeps): Searcher {
  const tally: Searcher['tally'] = (request: TallyQuery) =>
    remembered(deps, {
      ...TALLY,
      ask: () => searcher.tally(request),
      cursor: () => searcher.cursor(request.ledger),
      name: () => nameOf(deps, 'tally', request),
    })
  const count: Searcher['count'] = (request: CountRequest) =>
    remembered(deps, {
      ...COUNT,
      ask: () => searcher.count(request),
      cursor: () => searcher.cursor(request.ledger),
      name: () => nameOf(deps, 'count', request),
    })
  return new Proxy(searcher, {
    get: (target, operation: keyof Searcher) =>
      operation === 'tally' ? tally : operation === 'count' ? count : target[operation],
  })
}

interface Question<Answer> extends Codec<Answer> {
  readonly ask: () => Promise<Answer>
  /** How far the index is by its own account. */
  readonly cursor: () => Promise<number>
  readonly name: () => Name | undefined
}

async function remembered<Answer>(deps: CountCacheDeps, question: Question<Answer>): Promise<Answer> {
  const { ask, decode } = question
  const name = question.name()
  if (name === undefined) return ask()
  const [kept] = (await deps.store.read([name.text])) ?? []
  const answer = kept === undefined ? undefined : openAnswer(deps, name.text, kept, decode)
  deps.reports.lookedUp('counts', answer === undefined ? 'miss' : 'hit')
  // While we looked, it may have been erased from what was counted.
  if (answer !== undefined && question.name()?.text === name.text) return answer
  // An index that is made anew has less in it than was last told of it.
  const isWhole = await isIndexedTo(name.size, question)
  const asked = await ask()
  if (isWhole && deps.isIndexWhole()) void keep(deps, question, name, asked) // nobody waits for it
  return asked
}

/** Not when entries or erasures came in meanwhile: of which time the answer is, is not known then. */
async function keep<Answer>(
  { store, seal }: CountCacheDeps,
  question: Question<Answer>,
  { text, size }: Name,
  answer: Answer,
): Promise<void> {
  const bytes = question.encode(answer)
  if (bytes === undefined || !(await isIndexedTo(size, question))) return
  if (question.name()?.text === text) store.write([{ name: text, value: seal.close(text, bytes) }])
}

async function isIndexedTo(size: number, { cursor }: Pick<Question<unknown>, 'cursor'>): Promise<boolean> {
  try {
    return (await cursor()) === size
  } catch {
    return false // the question itself will say what is wrong
  }
}

function openAnswer<Answer>(
  { seal, reports }: CountCacheDeps,
  name: string,
  kept: Buffer,
  decode: Codec<Answer>['decode'],
): Answer | undefined {
  const bytes = seal.open(name, kept)
  if (bytes === undefined) {
    reports.refused('counts')
    return undefined
  }
  try {
    return decode(bytes)
  } catch {
    return undefined // ours, but of another version
  }
}

interface Name {
  readonly text: string
  /** Entries of the ledger that the answer is about: all of them. */
  readonly size: number
}

/** Undefined when an answer could not be told from one of another time: the index is behind, or something is being erased. */
function nameOf(
  { ledgers, gate }: CountCacheDeps,
  operation: 'count' | 'tally',
  request: CountRequest | TallyQuery,
): Name | undefined {
  const view = ledgers.get(request.ledger)
  const erasures = gate.erasures(request.ledger)
  if (view === undefined || erasures === undefined || view.indexedSize !== view.size) return undefined
  const head = readCheckpoint(view.checkpoint)
  if (head.kind !== 'checkpoint' || head.size !== view.size) return undefined
  const hash = createHash('sha256')
    .update(JSON.stringify([view.size, erasures]))
    .update(head.root)
    .update(countRequestText(operation, request))
  return { text: countsBeginningOf(view.info) + hash.digest('base64url'), size: view.size }
}
