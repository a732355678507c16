/** The indexer's thread: reads the ledgers, writes the index. */
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import type { ErasedRange } from '../ledger/ledger-store.ts'
import { emitEvent, serveCalls } from '../process/worker-call.ts'
import { openDerived } from '../store/sqlite/derived-file.ts'
import { STREAMS_FILE } from '../store/sqlite/files.ts'
import { SqliteStreamStore } from '../store/sqlite/stream-store.ts'
import { openLedgerReader, openSearchIndex, type Storage } from '../store/storage.ts'
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

export interface IndexerOptions extends Storage {
  /** How long a missing number may still arrive before it is a gap. */
  readonly gapQuietMs: number
  /** True: others may move the same index on, until `lead` says that it is this one's turn. */
  readonly sharesIndex: boolean
}

const emit = (event: IndexerEvent): void => emitEvent(parentPort!, event)

const { gapQuietMs, sharesIndex, ...storage } = workerData as IndexerOptions
const ledgers = await openLedgerReader(storage)
const onBroken = ({ message }: Error): void => emit({ kind: 'index-broken', message })
const index = await openSearchIndex(storage, onBroken)
const streamStore = openDerived(
  join(storage.data, STREAMS_FILE),
  (path) => SqliteStreamStore.create(path),
  onBroken,
)
const streams = new StreamWatch(streamStore, { quietMs: gapQuietMs, now: Date.now })
const indexer = new Indexer({
  ledgers,
  index,
  streams,
  sharesIndex,
  onProgress: (ledger, size) => emit({ kind: 'indexed', ledger, size }),
  onFailure: (ledger, at, error) =>
    emit({ kind: 'index-failure', ledger, index: at, message: error.message }),
})

/** How often to look for gaps that have been quiet for long enough. */
const NOTICE_INTERVAL_MS = Math.min(10_000, Math.max(100, gapQuietMs / 10))
const noticeTimer = setInterval(() => {
  if (!indexer.leads) return
  const notices = indexer.ledgers().flatMap(({ ledger, size }) => streams.pending(ledger, size))
  if (notices.length > 0) emit({ kind: 'notices', notices })
}, NOTICE_INTERVAL_MS)

const handlers = {
  announce: (ledger: string, size: number) => indexer.announce(ledger, size),
  lead: (isOurTurn: boolean) => indexer.lead(isOurTurn),
  forgetOutlived: (ledger: string) => indexer.forgetOutlived(ledger),
  cursor: (ledger: string) => index.cursor(ledger),
  erase: (ledger: string, ranges: ErasedRange[]) => indexer.erase(ledger, ranges),
  eraseAgain: (ledger: string, ranges: ErasedRange[]) => indexer.eraseAgain(ledger, ranges),
  /** Another server has erased: the same index, or its own. */
  async erasedElsewhere(ledger: string, ranges: ErasedRange[]) {
    if (indexer.leads) await indexer.erase(ledger, ranges)
  },
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
