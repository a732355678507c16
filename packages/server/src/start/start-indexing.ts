/** Keeps the index behind the ledgers: told of every commit, and giving way to recording. */
import type { WorkerHandle } from '../process/worker-call.ts'
import type { IndexerEvent, IndexerHandlers } from '../search/indexer-worker.ts'
import type { Services } from '../services.ts'
import { sharesLedgers } from '../settings.ts'
import { QuarantinedNumbers } from '../streams/quarantined-numbers.ts'
import { recordNotices } from '../streams/stream-notices.ts'
import type { StreamNotice, StreamNumber } from '../streams/stream-number.ts'

export async function startIndexing(
  { settings, ledgers, log, sequencer, searcher, directory, metrics, now }: Services,
  indexer: WorkerHandle<IndexerHandlers>,
): Promise<void> {
  const quarantined = new QuarantinedNumbers(directory, now)
  const tell = async (notices: readonly StreamNotice[]): Promise<void> => {
    try {
      // What another server has put aside is told to its own watch alone; what is still missing is told again.
      if (sharesLedgers(settings) && (await seeQuarantined(notices))) return
      await recordNotices(notices, ledgers, sequencer, now())
      await indexer.call.settleNotices(notices)
    } catch (error) {
      // Told again at the next interval, and recorded once however often it is told.
      log.debug({ err: error }, 'stream gaps could not be recorded now')
    }
  }
  /** Whether any of it was seen in quarantine. */
  const seeQuarantined = async (notices: readonly StreamNotice[]): Promise<boolean> => {
    let isAny = false
    for (const ledger of new Set(notices.map((notice) => notice.ledger))) {
      const numbers = await quarantined.next(ledger)
      if (numbers.length > 0) await indexer.call.seenNumbers(ledger, numbers)
      isAny ||= notices.some(
        (notice) => notice.kind === 'gap' && numbers.some((number) => isWithin(number, notice)),
      )
    }
    return isAny
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
    await indexer.call.forgetOutlived(info.name)
    ledgers.indexed(info.name, await searcher.cursor(info.name))
    announce(info.name, size)
  }
  ledgers.onHead((name) => announce(name, ledgers.get(name)!.size))
}

function isWithin({ streamId, seq }: StreamNumber, notice: StreamNotice): boolean {
  return streamId === notice.streamId && notice.from <= seq && seq <= notice.to
}

/** Above this share of the main thread's time, records wait for the processor. */
const BUSY_SHARE = 0.85
const BUSY_CHECK_MS = 250

export function letIndexingYield(indexer: WorkerHandle<IndexerHandlers>): Disposable {
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
