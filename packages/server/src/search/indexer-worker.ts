/** The indexer's thread: reads the ledgers, writes the index. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { IndexRange } from '../ledger/ledger-store.ts'
import { emitEvent, serveCalls } from '../process/worker-call.ts'
import { openDerived } from '../store/sqlite/derived-file.ts'
import { INDEX_FILE, LEDGER_FILE, STREAMS_FILE } from '../store/sqlite/files.ts'
import { SqliteLedgerReader } from '../store/sqlite/ledger-reader.ts'
import { SqliteSearchIndex } from '../store/sqlite/search/search-index.ts'
import { SqliteStreamStore } from '../store/sqlite/stream-store.ts'
import type { StreamNotice, StreamNumber } from '../streams/stream-number.ts'
import { StreamWatch } from '../streams/stream-watch.ts'
import { Indexer } from './indexer.ts'

/** What the indexer's thread says of itself. */
export type IndexerEvent =
  /** After each step. */
  | { readonly kind: 'indexed'; readonly ledger: string; readonly size: number }
  /** Entries that could not be indexed, or a step that is tried again. */
  | {
      readonly kind: 'index-failure'
      readonly ledger: string
      readonly index: number
      readonly message: string
    }
  /** A file could not be read: it was put aside and is made again from the ledger. */
  | { readonly kind: 'index-broken'; readonly message: string }
  /** Sent again and again until it is settled. */
  | { readonly kind: 'notices'; readonly notices: readonly StreamNotice[] }

const emit = (event: IndexerEvent): void => emitEvent(parentPort!, event)

const { data, gapQuietMs } = workerData as { data: string; gapQuietMs: number }
const ledgers = SqliteLedgerReader.open(join(data, LEDGER_FILE))
const onBroken = ({ message }: Error): void => emit({ kind: 'index-broken', message })
const index = openDerived(join(data, INDEX_FILE), (path) => SqliteSearchIndex.create(path), onBroken)
const streamStore = openDerived(join(data, STREAMS_FILE), (path) => SqliteStreamStore.create(path), onBroken)
const streams = new StreamWatch(streamStore, { quietMs: gapQuietMs, now: Date.now })
const indexer = new Indexer({
  ledgers,
  index,
  streams,
  onProgress: (ledger, size) => emit({ kind: 'indexed', ledger, size }),
  onFailure: (ledger, at, error) =>
    emit({ kind: 'index-failure', ledger, index: at, message: error.message }),
})

/** How often to look for gaps that have been quiet for long enough. */
const NOTICE_INTERVAL_MS = Math.min(10_000, Math.max(100, gapQuietMs / 10))
const noticeTimer = setInterval(() => {
  const notices = indexer.ledgers().flatMap(({ ledger, size }) => streams.pending(ledger, size))
  if (notices.length > 0) emit({ kind: 'notices', notices })
}, NOTICE_INTERVAL_MS)

const handlers = {
  announce: (ledger: string, size: number) => indexer.announce(ledger, size),
  cursor: (ledger: string) => index.cursor(ledger),
  erase: (ledger: string, ranges: IndexRange[]) => indexer.erase(ledger, ranges),
  yieldToRecording: (yielding: boolean) => indexer.yieldToRecording(yielding),
  rebuild: (ledger: string) => indexer.rebuild(ledger),
  seenNumbers: (ledger: string, numbers: readonly StreamNumber[]) => streams.seen(ledger, numbers),
  settleNotices: (notices: readonly StreamNotice[]) => streams.settle(notices),
  async close() {
    clearInterval(noticeTimer)
    await indexer.stop()
    streamStore[Symbol.dispose]()
    await index[Symbol.asyncDispose]()
    await ledgers[Symbol.asyncDispose]()
  },
}

export type IndexerHandlers = typeof handlers

serveCalls(parentPort!, handlers)
