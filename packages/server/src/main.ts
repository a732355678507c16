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
import { Callers } from './access/callers.ts'
import { type Denial, Denials } from './access/denials.ts'
import { RoleBook } from './access/role-book.ts'
import { isSamePerson } from './access/same-person.ts'
import { ViewerTokens } from './access/viewer-tokens.ts'
import { ClientCertificates } from './api/client-certificates.ts'
import { buildHttpServer } from './api/http-server.ts'
import { SharedPort } from './api/shared-port.ts'
import { siteOf } from './api/site.ts'
import { StreamSessions } from './api/stream-sessions.ts'
import { followCertificate, readCertificate } from './api/tls-files.ts'
import { Approvals } from './approvals/approvals.ts'
import { readCacheAddress } from './cache/cache-address.ts'
import { openCache } from './cache/open-cache.ts'
import { performAct } from './erasure/perform-act.ts'
import { Holds } from './holds/holds.ts'
import { CertificateServices } from './identity/certificate-services.ts'
import { Invitations } from './identity/invitations.ts'
import { openBearers } from './identity/open-bearers.ts'
import { openIdOf } from './identity/open-id-settings.ts'
import { People } from './identity/people.ts'
import { readBrokerAddress } from './intake/broker-address.ts'
import { openIntake } from './intake/open-intake.ts'
import { Erasures } from './ledger/erasures.ts'
import type { LedgerInfo } from './ledger/ledger-info.ts'
import { createDurably } from './ledger/ledger-keys.ts'
import { isAccessLedger } from './ledger/ledger-name.ts'
import { LedgerTable } from './ledger/ledger-table.ts'
import type { Commit, Recovery } from './ledger/sequencer-queue.ts'
import type { SequencerHandlers } from './ledger/sequencer-worker.ts'
import { Limits } from './limits/limits.ts'
import { watchEventLoop } from './metrics/event-loop.ts'
import { Metrics } from './metrics/metrics.ts'
import { Admission } from './process/admission.ts'
import { takeExclusiveUse } from './process/exclusive-use.ts'
import { makeDirectory } from './process/make-directory.ts'
import { unreachableOf } from './process/unreachable.ts'
import type { WorkerHandle } from './process/worker-call.ts'
import { Quarantine } from './quarantine/quarantine.ts'
import { buildGrpcServer } from './receivers/grpc/grpc-server.ts'
import { Retention } from './retention/retention.ts'
import { assertRoles, holdsKeys, opensIndex, rolesOf } from './roles.ts'
import { SavedSearches } from './search/saved-searches.ts'
import { timedSearcher } from './search/timed-searcher.ts'
import type { Services } from './services.ts'
import { type Settings, sharesIndex, sharesLedgers } from './settings.ts'
import { aloneUnder } from './start/alone-under.ts'
import { firstAdminKey } from './start/first-admin-key.ts'
import { followOthers } from './start/follow-others.ts'
import { leadIndexing } from './start/lead-indexing.ts'
import { letIndexingYield, startIndexing } from './start/start-indexing.ts'
import { startThreads } from './start/start-threads.ts'
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
  assertShareable(settings)
  assertRoles(settings)
  const roles = rolesOf(settings)
  const address = readBrokerAddress(settings.intake)
  const cacheAddress = readCacheAddress(settings.cache)
  const directories = [settings.data, settings.keys]
  for (const directory of directories) makeDirectory(directory)
  await using undo = new AsyncDisposableStack()
  // Keys are shared by the servers on one database: there the epochs of the ledgers keep writers apart.
  const exclusive = settings.database === '' ? directories : [settings.data]
  for (const directory of new Set(exclusive)) undo.use(takeExclusiveUse(directory))

  const threads = await startThreads(settings, log, undo, onFatal)
  const { writer, indexer, reader, searcher, directory } = threads
  const storedLedgers = () => (holdsKeys(roles) ? writer.call.ledgers() : reader.call.ledgers())
  const ledgers = new LedgerTable(Date.now)
  for (const info of await storedLedgers()) ledgers.add(info)
  assertSomeOpen(ledgers, log)

  const admission = new Admission(directories, settings.disk_reserve_mib * 2 ** 20, (state) =>
    log[state === 'open' ? 'info' : 'warn']({ state }, 'admission of new records'),
  )
  undo.defer(() => admission.stop())
  const metrics = new Metrics()
  undo.use(watchEventLoop(metrics.registry))
  const cursorKey = cursorKeyOf(settings.keys)
  const cache = undo.use(
    await openCache(cacheAddress, {
      log,
      ledgers,
      metrics,
      secret: cursorKey,
      readLeaves: (ledger, from, count) => reader.call.leaves(ledger, from, count),
      listed: async (ledger) => (await writer.call.listedErasures(ledger)).length,
      follows: sharesLedgers(settings),
    }),
  )
  const quarantine = new Quarantine(directory.call, {
    recordsMax: settings.quarantine_records_max,
    now: Date.now,
    seen: async (ledger, numbers) => {
      if (opensIndex(roles)) await indexer.call.seenNumbers(ledger, numbers)
    },
  })
  const redaction = compileRedaction()
  const opened = await openIntake(address, {
    log,
    ledgers,
    quarantine,
    redaction,
    recordsMax: settings.batch_records_max,
    waitingRecordsMax: settings.waiting_records_max,
    commit: committing(writer, ledgers, metrics),
    onFatal,
    own: (ledger) => writer.call.own(ledger),
    recovery: settings.database === '' ? undefined : recoveryOf(writer),
    consumes: roles.has('sequencer'),
  })
  undo.defer(() => opened.stop())
  const sequencer = opened.intake
  const limits = new Limits(settings)
  cache.share(limits)
  const roleBook = await RoleBook.load(directory.call, Date.now)
  const keys = await ApiKeys.load(directory.call, Date.now, settings.admin_token, roleBook)
  undo.use(writingUses(keys))
  const people = await People.load({
    store: directory.call,
    roles: roleBook,
    now: Date.now,
    isShared: sharesLedgers(settings),
  })
  const bearers = openBearers(settings, { roles: roleBook, now: Date.now })
  if (bearers) undo.use(bearers)
  const certificates = new CertificateServices(settings.tls_client_identities, {
    roles: roleBook,
    now: Date.now,
  })
  const viewers = new ViewerTokens({ keys, ledgers, secret: cursorKey, now: Date.now })
  const sources = [people, viewers, ...(bearers ? [bearers.tokens] : []), certificates]
  const callers = new Callers(keys, roleBook, sources)
  const newAdminToken = roles.has('api') ? await firstAdminKey(keys, directory.call) : undefined
  const accessLog = new AccessLog(
    {
      ledgers,
      sequencer,
      admission,
      metrics,
      createLedger: (name) => createOrFind(name, writer),
      now: Date.now,
    },
    settings.record_reads,
  )
  const denials = new Denials({ accessLog, metrics, now: Date.now })
  const erasures = new Erasures({ writer: writer.call, indexer: indexer.call, ledgers, gate: cache.erasures })
  const holds = new Holds({ store: directory.call, writer: writer.call, ledgers, log, now: Date.now })
  const approvals = new Approvals({
    store: directory.call,
    perform: (act, hands) => performAct(act, hands, services),
    alone: sharesLedgers(settings) ? aloneUnder(directory.call, 'approvals') : (work) => work(),
    // As they are stored: another server may have made them a moment ago.
    isSamePerson: async (one, other) => isSamePerson(one, other, await directory.call.keys()),
    log,
    now: Date.now,
  })
  const services: Services = {
    settings,
    roles,
    log,
    version: options.version ?? '0.0.0',
    callers,
    keys,
    viewers,
    people,
    invitations: new Invitations(directory.call, people, Date.now),
    openId: openIdOf(settings, Date.now),
    site: siteOf(settings),
    clientCertificates: new ClientCertificates((ip) => denials.note(untrustedCertificate(ip))),
    roleBook,
    accessLog,
    denials,
    ledgers,
    storedLedgers,
    sequencer,
    writer: writer.call,
    reader: reader.call,
    searcher: cache.searcher(timedSearcher(searcher.call, metrics)),
    indexer: indexer.call,
    directory: directory.call,
    quarantine,
    saved: await SavedSearches.load(directory.call, callers, Date.now),
    erasures,
    approvals,
    holds,
    retention: new Retention({
      store: directory.call,
      ledgers,
      reader: reader.call,
      erasures,
      holds,
      accessLog,
      alone: sharesLedgers(settings) ? aloneUnder(directory.call, 'retention') : (work) => work(),
      log,
      now: Date.now,
    }),
    erasureGate: cache.erasures,
    admission,
    limits,
    metrics,
    tails: new StreamSessions('tails', 'tail_sessions_max', settings.tail_sessions_max),
    exports: new StreamSessions('exports', 'exports_max', settings.exports_max),
    unreachable: unreachableOf({
      ...(settings.database !== '' && { database: () => directory.call.quarantineSize() }),
      intake: () => opened.check(),
      ...(settings.search_index !== '' &&
        opensIndex(roles) && { search_index: () => searcher.call.cursor('main') }),
    }),
    intakeLag: () => opened.lag(),
    threads: () =>
      Object.entries({ sequencer: writer, indexer, reader, searcher, directory }).map(
        ([name, { waiting }]) => [name, waiting] as const,
      ),
    cursorKey,
    now: Date.now,
  }
  if (opensIndex(roles)) {
    await startIndexing(services, indexer)
    undo.use(letIndexingYield(indexer))
    await cache.erasures.repeating(async () => {
      for (const { info } of ledgers.all()) await erasures.repeat(info.name)
    })
  }
  if (sharesLedgers(settings)) undo.use(followOthers(services))
  if (sharesIndex(settings) && roles.has('indexer')) undo.use(leadIndexing(services))
  if (roles.has('api')) {
    await holds.recordAll()
    undo.use(approvals.start())
    undo.use(services.retention.start())
  }

  const acceptDeps: AcceptDeps = {
    ...services,
    sequencer: cache.intake(sequencer),
    redaction,
    recordsMax: settings.batch_records_max,
  }
  const grpc = buildGrpcServer(services, acceptDeps)
  const port = new SharedPort({
    takeHttp2: (connection) => grpc.take(connection),
    tls: readCertificate(settings),
    onSecure: (socket) => services.clientCertificates.take(socket),
    connectionsMax: settings.connections_max,
    onRefused: () => metrics.registry.value('trailproof_connections_refused_total').add(1),
  })
  undo.use(followCertificate(settings, (certificate) => port.show(certificate), log))
  const app = await buildHttpServer(services, acceptDeps, port)
  undo.defer(() => app.close())
  const url = await app.listen({ host: settings.host, port: settings.port })
  const resources = undo.move()
  return {
    url,
    newAdminToken,
    services,
    async stop() {
      admission.stop()
      grpc.stop(settings.shutdown_grace_seconds * 1000)
      await closeHttp(app, port, settings.shutdown_grace_seconds)
      await denials.close()
      // The reads themselves are recorded; what is stored is closed whatever happens.
      await accessLog
        .close()
        .catch((error: unknown) =>
          log.error({ err: error }, 'repeated reads could not be recorded at the end'),
        )
      await opened.stop()
      await resources.disposeAsync()
    },
  }
}

function untrustedCertificate(ip: string | undefined): Denial {
  const reason = 'client certificate that is not trusted'
  const nobody = { caller: undefined, permission: undefined, requestId: undefined }
  return { ...nobody, ledger: 'main', route: 'TLS', ip, reason }
}

const KEY_USES_EVERY_MS = 60_000

function writingUses(keys: ApiKeys): AsyncDisposable {
  const timer = setInterval(() => void keys.writeUses(), KEY_USES_EVERY_MS) // which rejects never
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await keys.writeUses()
    },
  }
}

/** Several writers cannot share locks that are files: each would trust what it read of them when it began. */
function assertShareable(settings: Settings): void {
  if (sharesLedgers(settings) && settings.lock_database === '')
    throw new TrailproofError(
      'BAD_SETTING',
      'several servers may write through a broker: name the PostgreSQL of their checkpoint locks with lock_database',
    )
}

/** Another server may have been as quick. */
async function createOrFind(name: string, { call }: WorkerHandle<SequencerHandlers>): Promise<LedgerInfo> {
  try {
    return await call.createLedger(name)
  } catch (error) {
    const found = (await call.ledgers()).find((info) => info.name === name)
    if (found === undefined) throw error
    return found
  }
}

/** Commits in the sequencer's thread; what the rest of the server knows of the ledgers follows. */
function committing(writer: WorkerHandle<SequencerHandlers>, ledgers: LedgerTable, metrics: Metrics): Commit {
  return async (batches, buffers) => {
    const records = batches.reduce((sum, { count }) => sum + count, 0)
    const receipts = await metrics.measureCommit(records, () =>
      writer.callWith('commit', [[...batches]], buffers),
    )
    for (const receipt of receipts) ledgers.advance(receipt)
    return receipts
  }
}

/** A database may be away, or written by others: then everything in memory is read anew. A disk that fails is not trusted again. */
function recoveryOf(writer: WorkerHandle<SequencerHandlers>): Recovery {
  return {
    appliesTo: (error) => error instanceof TrailproofError,
    recover: () => writer.call.reopen(),
  }
}

function assertSomeOpen(ledgers: LedgerTable, log: Logger): void {
  const reasons: string[] = []
  for (const { info } of ledgers.all())
    if (info.state.kind === 'blocked') {
      log.error({ ledger: info.name, reason: info.state.reason }, 'this ledger is not started')
      reasons.push(info.state.reason)
    }
  const states = ledgers.all().flatMap(({ info }) => (isAccessLedger(info.name) ? [] : [info.state.kind]))
  // Where none is made yet, a server that holds keys will make the first one; where all were deleted, whoever may makes another.
  if (states.includes('blocked') && !states.includes('open'))
    throw new TrailproofError('DATA_BEHIND_LOCK', reasons.join('\n'))
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

/** Cursors live as long as the keys: a restart does not break a page. */
function cursorKeyOf(directory: string): Uint8Array {
  const path = join(directory, 'cursor-key')
  if (!existsSync(path)) createDurably(directory, 'cursor-key', `${randomBytes(32).toString('hex')}\n`)
  return Buffer.from(readFileSync(path, 'utf8').trim(), 'hex')
}
