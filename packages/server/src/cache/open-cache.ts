/** Opens the cache that the setting names; the client of one that is not used is not loaded. */
import { createHmac } from 'node:crypto'
import type { Logger } from 'pino'
import type { Intake } from '../intake/intake.ts'
import type { LedgerTable } from '../ledger/ledger-table.ts'
import type { Limits } from '../limits/limits.ts'
import { SharedRates, type Tally } from '../limits/shared-rates.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { WorkerApi } from '../process/worker-call.ts'
import type { SearchHandlers } from '../search/search-worker.ts'
import type { CacheAddress } from './cache-address.ts'
import { CacheReports } from './cache-reports.ts'
import { CacheSeal } from './cache-seal.ts'
import { rememberCounts } from './count-cache.ts'
import { ErasureGate, type ErasureGateDeps } from './erasure-gate.ts'
import { countsBeginningOf } from './ledger-names.ts'
import { type ReceiptCacheDeps, rememberReceipts } from './receipt-cache.ts'

export interface OpenCacheDeps
  extends Pick<ReceiptCacheDeps, 'ledgers' | 'readLeaves'>,
    Pick<ErasureGateDeps, 'listed' | 'follows'> {
  readonly log: Logger
  readonly ledgers: LedgerTable
  readonly metrics: Metrics
  /** What the servers of a cluster have in common and nobody else knows. */
  readonly secret: Uint8Array
}

/** What is remembered of ledgers, between the parts that ask. */
export interface ServerCache extends AsyncDisposable {
  /** Every erasure goes through it. */
  readonly erasures: ErasureGate
  /** Keeps the servers that share the cache to the same rates. */
  share(limits: Limits): void
  intake(intake: Intake): Intake
  searcher(searcher: WorkerApi<SearchHandlers>): WorkerApi<SearchHandlers>
}

/** Resolves also when it cannot be reached: it is used when it can. */
export async function openCache(
  address: CacheAddress | undefined,
  deps: OpenCacheDeps,
): Promise<ServerCache> {
  if (address === undefined) return withoutCache(deps)
  const { RedisCache } = await import('./redis-cache.ts')
  const { ledgers, metrics, log } = deps
  const reports = new CacheReports(metrics, log, now)
  const store = await RedisCache.open({ ...address, onFailure: reports.failed })
  const seal = new CacheSeal(deps.secret)
  const gate = new ErasureGate({
    ...deps,
    now,
    forget: async (names) => {
      const views = names.flatMap((name) => ledgers.get(name) ?? [])
      if (views.length > 0) await store.forget(views.map(({ info }) => countsBeginningOf(info)))
    },
  })
  const failures = metrics.registry.value('trailproof_index_failures_total')
  const undo = new AsyncDisposableStack()
  undo.use(store)
  const shared = { ...deps, store, seal, reports, gate, isIndexWhole: () => failures.current === 0 }
  return {
    erasures: gate,
    share: (limits) => void undo.use(new SharedRates(limits.pacers(), nameless(store.tally, deps.secret))),
    intake: (intake) => rememberReceipts(intake, shared),
    searcher: (searcher) => rememberCounts(searcher, shared),
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  }
}

/** Addresses and names are nobody's business there: each is put under a hash that only the servers can make. */
function nameless(tally: Tally, secret: Uint8Array): Tally {
  const key = createHmac('sha256', secret).update('trailproof rates').digest()
  const hidden = (name: string) => createHmac('sha256', key).update(name).digest('base64url').slice(0, 22)
  return (taken) => tally(taken.map(({ name, costMs }) => ({ name: hidden(name), costMs })))
}

const now = (): number => performance.now()

function withoutCache(deps: OpenCacheDeps): ServerCache {
  return {
    erasures: new ErasureGate({ ...deps, now, forget: async () => undefined }),
    share: () => undefined,
    intake: (intake) => intake,
    searcher: (searcher) => searcher,
    [Symbol.asyncDispose]: async () => undefined,
  }
}
