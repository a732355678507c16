/** Wires the server together, starts and stops it. The only place where the parts meet. */
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compileRedaction } from '@trailproof/core'
import type { FastifyInstance } from 'fastify'
import { type Logger, pino } from 'pino'
import type { AcceptDeps } from './accept.ts'
import { AccessLog } from './access/access-log.ts'
import { ApiKeys } from './access/api-keys.ts'
import { buildHttpServer } from './api/http-server.ts'
import { SharedPort } from './api/shared-port.ts'
import { StreamSessions } from './api/stream-sessions.ts'
import type { DirectoryHandlers } from './directory/directory-worker.ts'
import { Erasures } from './ledger/erasures.ts'
import { writeDurably } from './ledger/ledger-keys.ts'
import { isAccessLedger } from './ledger/ledger-name.ts'
import { LedgerTable } from './ledger/ledger-table.ts'
import type { ReaderHandlers } from './ledger/reader-worker.ts'
import { SequencerQueue } from './ledger/sequencer-queue.ts'
import type { SequencerHandlers } from './ledger/sequencer-worker.ts'
import { watchEventLoop } from './metrics/event-loop.ts'
import { Metrics } from './metrics/metrics.ts'
import { Admission } from './process/admission.ts'
import { takeExclusiveUse } from './process/exclusive-use.ts'
import { makeDirectory } from './process/make-directory.ts'
import { startWorker, type WorkerHandle } from './process/worker-call.ts'
import { Quarantine } from './quarantine/quarantine.ts'
import { buildGrpcServer } from './receivers/grpc/grpc-server.ts'
import type { IndexerEvent, IndexerHandlers } from './search/indexer-worker.ts'
import { SavedSearches } from './search/saved-searches.ts'
import type { SearchHandlers } from './search/search-worker.ts'
import { timedSearcher } from './search/timed-searcher.ts'
import type { Services } from './services.ts'
import type { Settings } from './settings.ts'
import { recordNotices } from './streams/stream-notices.ts'
import type { StreamNotice } from './streams/stream-number.ts'
import { TrailproofError } from './trailproof-error.ts'

export interface RunningServer {
  /** Where it listens, such as `http://127.0.0.1:4000`. */
  readonly url: string
  /** Made at the first start, to be shown once; undefined afterwards and when one was preset. */
  readonly newAdminToken: string | undefined
  readonly services: Services
  /** Stops taking records, finishes what was taken, closes all files. */
  stop(): Promise<void>
}

export interface StartOptions {
  readonly log?: Logger
  readonly version?: string
  /** Called when the process must not go on. Default: end it with `EXIT_FATAL`. */
  readonly onFatal?: (error: Error) => void
}

/** Exit code after a commit whose outcome is unknown: start again, and the ledgers are checked. */
export const EXIT_FATAL = 70

/** Rejects with a TrailproofError that says what to do when data, keys or settings do not allow a start. */
export async function startServer(settings: Settings, options: StartOptions = {}): Promise<RunningServer> {
  const log = options.log ?? pino({ level: settings.log_level })
  try {
    return await start(settings, options, log)
  } catch (error) {
    throw withoutCleanUp(error, log)
  }
}

/** Why it did not start: what then went wrong with closing, often for the same reason, only goes to the log. */
function withoutCleanUp(error: unknown, log: Logger): unknown {
  if (!(error instanceof SuppressedError)) return error
  log.warn({ err: error.error as unknown }, 'closing after a start that failed')
  return withoutCleanUp(error.suppressed, log)
}

async function start(settings: Settings, options: StartOptions, log: Logger): Promise<RunningServer> {
  const onFatal =
    options.onFatal ??
    ((error: Error) => {
      log.fatal({ err: error }, 'ending: after this error nothing more can be trusted to this process')
      process.exit(EXIT_FATAL)
    })
  const directories = [settings.data, settings.keys]
  for (const directory of directories) makeDirectory(directory)
  await using undo = new AsyncDisposableStack()
  for (const directory of new Set(directories)) undo.use(takeExclusiveUse(directory))

  const threads = await startThreads(settings, undo, onFatal)
  const { writer, indexer, reader, searcher, directory } = threads
  const ledgers = new LedgerTable(Date.now)
  for (const info of await writer.call.ledgers()) ledgers.add(info)
  assertSomeOpen(ledgers, log)

  const admission = new Admission(directories, settings.disk_reserve_mib * 2 ** 20, (state) =>
    log[state === 'open' ? 'info' : 'warn']({ state }, 'admission of new records'),
  )
  undo.defer(() => admission.stop())
  const metrics = new Metrics()
  undo.use(watchEventLoop(metrics.registry))
  const commit = async (
    ...[batches, buffers]: Parameters<ConstructorParameters<typeof SequencerQueue>[0]>
  ) => {
    const started = performance.now()
    const receipts = await writer.callWith('commit', [[...batches]], buffers)
    const records = batches.reduce((sum, { count }) => sum + count, 0)
    metrics.observeCommit(records, (performance.now() - started) / 1000)
    for (const receipt of receipts) ledgers.advance(receipt)
    return receipts
  }
  const sequencer = new SequencerQueue(commit, onFatal, { waitingRecordsMax: settings.waiting_records_max })
  const keys = await ApiKeys.load(directory.call, Date.now, settings.admin_token)
  const first = keys.isEmpty ? await keys.create({ name: 'admin', scopes: ['admin'] }) : undefined
  const accessLog = new AccessLog(
    {
      ledgers,
      sequencer,
      admission,
      metrics,
      createLedger: (name) => writer.call.createLedger(name),
      now: Date.now,
    },
    settings.record_reads,
  )
  const erasures = new Erasures({ writer: writer.call, indexer: indexer.call, ledgers })
  const services: Services = {
    settings,
    log,
    version: options.version ?? '0.0.0',
    keys,
    accessLog,
    ledgers,
    sequencer,
    writer: writer.call,
    reader: reader.call,
    searcher: timedSearcher(searcher.call, metrics),
    indexer: indexer.call,
    directory: directory.call,
    quarantine: new Quarantine(directory.call, {
      recordsMax: settings.quarantine_records_max,
      now: Date.now,
      seen: (ledger, numbers) => indexer.call.seenNumbers(ledger, numbers),
    }),
    saved: await SavedSearches.load(directory.call, keys, Date.now),
    erasures,
    admission,
    metrics,
    tails: new StreamSessions('tails', 'tail_sessions_max', settings.tail_sessions_max),
    exports: new StreamSessions('exports', 'exports_max', settings.exports_max),
    threads: () =>
      Object.entries({ sequencer: writer, indexer, reader, searcher, directory }).map(
        ([name, { waiting }]) => [name, waiting] as const,
      ),
    cursorKey: cursorKeyOf(settings.keys),
    now: Date.now,
  }
  await startIndexing(services, indexer)
  undo.use(letIndexingYield(indexer))
  for (const { info } of ledgers.all()) await erasures.repeat(info.name)

  const acceptDeps: AcceptDeps = {
    ...services,
    redaction: compileRedaction(),
    recordsMax: settings.batch_records_max,
  }
  const grpc = buildGrpcServer(services, acceptDeps)
  const port = new SharedPort({ takeHttp2: (connection) => grpc.take(connection), tls: tlsOf(settings) })
  const app = await buildHttpServer(services, acceptDeps, port)
  undo.defer(() => app.close())
  const url = await app.listen({ host: settings.host, port: settings.port })
  const resources = undo.move()
  return {
    url,
    newAdminToken: first?.token,
    services,
    async stop() {
      admission.stop()
      grpc.stop(settings.shutdown_grace_seconds * 1000)
      await closeHttp(app, port, settings.shutdown_grace_seconds)
      await accessLog.close()
      await sequencer.drain()
      await resources.disposeAsync()
    },
  }
}

interface Threads {
  readonly writer: WorkerHandle<SequencerHandlers>
  readonly indexer: WorkerHandle<IndexerHandlers>
  readonly reader: WorkerHandle<ReaderHandlers>
  readonly searcher: WorkerHandle<SearchHandlers>
  readonly directory: WorkerHandle<DirectoryHandlers>
}

/** The writer first: it makes the ledger's file that indexer and reader open. Closed in the other order. */
async function startThreads(
  { data, keys, origin, gap_quiet_seconds }: Settings,
  undo: AsyncDisposableStack,
  onFatal: (error: Error) => void,
): Promise<Threads> {
  const base = import.meta.url
  const writerData = { data, keys, ...(origin === '' ? {} : { originPrefix: origin }) }
  const writer = startWorker<SequencerHandlers>(base, 'ledger/sequencer-worker', writerData)
  undo.defer(() => writer.close())
  await writer.call.ledgers()
  const directory = startWorker<DirectoryHandlers>(base, 'directory/directory-worker', { data })
  undo.defer(() => directory.close())
  const indexer = startWorker<IndexerHandlers>(base, 'search/indexer-worker', {
    data,
    gapQuietMs: gap_quiet_seconds * 1000,
  })
  undo.defer(() => indexer.close())
  await indexer.call.cursor('main')
  const reader = startWorker<ReaderHandlers>(base, 'ledger/reader-worker', { data })
  undo.defer(() => reader.close())
  const searcher = startWorker<SearchHandlers>(base, 'search/search-worker', { data })
  undo.defer(() => searcher.close())
  for (const thread of [writer, directory, indexer, reader, searcher]) thread.onDeath(onFatal)
  return { writer, indexer, reader, searcher, directory }
}

function assertSomeOpen(ledgers: LedgerTable, log: Logger): void {
  const reasons: string[] = []
  for (const { info } of ledgers.all())
    if (info.state.kind === 'blocked') {
      log.error({ ledger: info.name, reason: info.state.reason }, 'this ledger is not started')
      reasons.push(info.state.reason)
    }
  const own = ledgers.all().filter(({ info }) => !isAccessLedger(info.name))
  if (own.every(({ info }) => info.state.kind !== 'open'))
    throw new TrailproofError('DATA_BEHIND_LOCK', reasons.join('\n'))
}

async function startIndexing(
  { ledgers, log, sequencer, metrics, now }: Services,
  indexer: WorkerHandle<IndexerHandlers>,
): Promise<void> {
  const tell = async (notices: readonly StreamNotice[]): Promise<void> => {
    try {
      await recordNotices(notices, ledgers, sequencer, now())
      await indexer.call.settleNotices(notices)
    } catch (error) {
      // Told again at the next interval, and recorded once however often it is told.
      log.debug({ err: error }, 'stream gaps could not be recorded now')
    }
  }
  indexer.onEvent((event) => {
    const message = event as IndexerEvent
    switch (message.kind) {
      case 'indexed':
        return ledgers.indexed(message.ledger, message.size)
      case 'notices':
        return void tell(message.notices)
      case 'index-broken':
        return log.error(message, 'the index could not be read: put aside as .broken, and built again')
      case 'index-failure':
        metrics.countIndexFailure()
        return log.error(message, 'indexing failed here; search may miss entries, the ledger does not')
    }
  })
  // Indexing is repeatable and reports its progress; a failure of it must be seen, but loses nothing.
  const announce = (name: string, size: number): void =>
    void indexer.call
      .announce(name, size)
      .catch((error: unknown) => log.error({ err: error, ledger: name }, 'indexing'))
  for (const { info, size } of ledgers.all()) {
    // An index of more than there is outlived a restored ledger: it knows entries that are no more.
    if ((await indexer.call.cursor(info.name)) > size) await indexer.call.rebuild(info.name)
    ledgers.indexed(info.name, await indexer.call.cursor(info.name))
    announce(info.name, size)
  }
  ledgers.onHead((name) => announce(name, ledgers.get(name)!.size))
}

/** Above this share of the main thread's time, records wait for the processor. */
const BUSY_SHARE = 0.85
const BUSY_CHECK_MS = 250

function letIndexingYield(indexer: WorkerHandle<IndexerHandlers>): Disposable {
  let last = performance.eventLoopUtilization()
  let busy = false
  const timer = setInterval(() => {
    const now = performance.eventLoopUtilization()
    const isBusy = performance.eventLoopUtilization(now, last).utilization > BUSY_SHARE
    last = now
    if (isBusy === busy) return
    busy = isBusy
    // A worker that died is reported where it matters; this is only advice to it.
    indexer.call.yieldToRecording(busy).catch(() => undefined)
  }, BUSY_CHECK_MS)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

const IDLE_SWEEP_MS = 50

async function closeHttp(app: FastifyInstance, port: SharedPort, graceSeconds: number): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), graceSeconds * 1000)
  // A connection whose last answer ends while we close would be kept alive until its client lets go.
  const sweep = setInterval(() => {
    app.server.closeIdleConnections()
    port.closeSilent()
  }, IDLE_SWEEP_MS)
  await app.close()
  clearInterval(sweep)
  clearTimeout(cut)
}

function tlsOf({ tls_cert: cert, tls_key: key }: Settings): { cert: Buffer; key: Buffer } | undefined {
  if (cert === '') return undefined
  try {
    return { cert: readFileSync(cert), key: readFileSync(key) }
  } catch (cause) {
    throw new TrailproofError('BAD_SETTING', `tls_cert, tls_key: ${(cause as Error).message}`, { cause })
  }
}

/** Cursors live as long as the keys: a restart does not break a page. */
function cursorKeyOf(directory: string): Uint8Array {
  const path = join(directory, 'cursor-key')
  if (!existsSync(path)) writeDurably(directory, 'cursor-key', `${randomBytes(32).toString('hex')}\n`)
  return Buffer.from(readFileSync(path, 'utf8').trim(), 'hex')
}
