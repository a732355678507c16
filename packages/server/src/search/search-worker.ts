/** The searcher's thread: questions to the index take turns here, and hold up neither recording nor proofs. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { readEntry } from '../ledger/read-entry.ts'
import { serveCalls } from '../process/worker-call.ts'
import { INDEX_FILE, LEDGER_FILE } from '../store/sqlite/files.ts'
import { SqliteLedgerReader } from '../store/sqlite/ledger-reader.ts'
import { SqliteSearchIndex } from '../store/sqlite/search/search-index.ts'
import {
  type CountRequest,
  Searcher,
  type SearchRequest,
  type SortRequest,
  type TallyQuery,
} from './searcher.ts'
import { believedRange, type TimeRanges } from './shown-range.ts'

const { data } = workerData as { data: string }
const ledgers = SqliteLedgerReader.open(join(data, LEDGER_FILE))
const index = SqliteSearchIndex.openReadOnly(join(data, INDEX_FILE))
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
