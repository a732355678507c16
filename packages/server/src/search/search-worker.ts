/** The searcher's thread: questions to the index take turns here, and hold up neither recording nor proofs. */
import { parentPort, workerData } from 'node:worker_threads'
import { readEntry } from '../ledger/read-entry.ts'
import { serveCalls } from '../process/worker-call.ts'
import { openLedgerReader, openSearchIndexReader, type Storage } from '../store/storage.ts'
import {
  type CountRequest,
  Searcher,
  type SearchRequest,
  type SortRequest,
  type TallyQuery,
} from './searcher.ts'
import { believedRange, type TimeRanges } from './shown-range.ts'

const storage = workerData as Storage
const ledgers = await openLedgerReader(storage)
const index = await openSearchIndexReader(storage)
const searcher = new Searcher(index, ledgers)

const handlers = {
  async search(request: SearchRequest) {
    const { entries, ...page } = await searcher.search(request)
    return { ...page, entries: entries.map(readEntry) }
  },
  async sorted(request: SortRequest) {
    const { entries, ...page } = await searcher.sorted(request)
    return { ...page, entries: entries.map(readEntry) }
  },
  count: (request: CountRequest) => searcher.count(request),
  tally: (request: TallyQuery) => searcher.tally(request),
  /** How far a ledger is indexed, whoever indexes it. */
  cursor: (ledger: string) => index.cursor(ledger),
  timeRange: (ledger: string) => index.timeRange(ledger),
  believedRange: (request: Parameters<TimeRanges['believedRange']>[0]) =>
    believedRange({ index, ledgers }, request),
  explain: (request: Pick<SearchRequest, 'ledger' | 'filter' | 'nowMs'>) => index.explain(request),
  async close() {
    await index[Symbol.asyncDispose]()
    await ledgers[Symbol.asyncDispose]()
  },
}

export type SearchHandlers = typeof handlers

serveCalls(parentPort!, handlers)
