/** Of several servers on one database, one at a time does a piece of work; the others stand by until its lease is over. */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Directory } from '../directory/directory.ts'
import { TrailproofError } from '../trailproof-error.ts'

/** A holder that is silent for so long is taken for dead. */
const LEASE_MS = 10_000

export type Leases = Pick<Directory, 'acquireLease' | 'renewLease' | 'releaseLease'>

export interface LeaseOptions {
  /** Of the work. */
  readonly name: 'sequencer' | 'indexer'
  readonly log: Logger
  /** The lease is lost: another server may do the work by now. */
  readonly onLost: (error: Error) => void
  /** Default 10,000. */
  readonly leaseMs?: number
  /** Standing by ends with it. */
  readonly signal?: AbortSignal
}

/**
 * Resolves once this process holds the lease, however long another one does. Rejects when the directory cannot be asked, and when
 * the signal is aborted.
 */
export async function holdLease(
  leases: Leases,
  { name, log, onLost, leaseMs = LEASE_MS, signal }: LeaseOptions,
): Promise<AsyncDisposable> {
  const holder = randomUUID()
  let asked = 0
  const acquire = () => {
    asked = performance.now()
    return leases.acquireLease(name, holder, leaseMs, Date.now())
  }
  let lease = await acquire()
  if (lease === undefined) log.info(`another server is the ${name}: standing by for its lease`)
  for (; lease === undefined; lease = await acquire()) {
    await new Promise((resolve) => setTimeout(resolve, leaseMs / 10))
    signal?.throwIfAborted()
  }
  const { epoch } = lease

  const renewing = keepRenewed(asked, leaseMs, {
    renew: () => leases.renewLease(name, holder, epoch, leaseMs, Date.now()),
    onFailure: (error) => log.warn({ err: error }, `the lease of the ${name} could not be renewed`),
    onLost: () =>
      onLost(
        new TrailproofError('HEAD_MOVED', `the lease of the ${name} is lost: another server may hold it`),
      ),
  })
  return {
    async [Symbol.asyncDispose]() {
      renewing.stop()
      // It ends by itself, only later.
      await leases.releaseLease(name, holder, epoch).catch(() => undefined)
    },
  }
}

interface Renewal {
  /** False: it is no longer held. */
  readonly renew: () => Promise<boolean>
  /** It is asked again, as long as there is time. */
  readonly onFailure: (error: unknown) => void
  /** Once at most, and as soon as the time is over, also while an answer is waited for. */
  readonly onLost: () => void
}

/** Renews what is held for `leaseMs` since `heldSince`, a time of `performance.now`; one renewal at a time. */
function keepRenewed(
  heldSince: number,
  leaseMs: number,
  { renew, onFailure, onLost }: Renewal,
): { stop(): void } {
  let isOver = false
  let heldUntil: number
  let next: NodeJS.Timeout | undefined
  let deadline: NodeJS.Timeout | undefined
  const stop = (): void => {
    isOver = true
    clearTimeout(next)
    clearTimeout(deadline)
  }
  const lose = (): void => {
    if (isOver) return
    stop()
    onLost()
  }
  /** By the time at which it was asked for: the holder's time is over before the directory's is. */
  const hold = (since: number): void => {
    const until = since + leaseMs
    heldUntil = until
    clearTimeout(deadline)
    // After a standstill of this thread, the answer to a renewal may wait behind this timer, but not behind the one in it.
    deadline = setTimeout(
      () => setImmediate(() => (heldUntil === until ? lose() : undefined)),
      until - performance.now(),
    )
  }
  /** Often enough for two more tries. */
  const renewAfter = (since: number): void => {
    next = setTimeout(() => void renewOnce(), since + leaseMs / 4 - performance.now())
  }
  const renewOnce = async (): Promise<void> => {
    const askedAt = performance.now()
    let isHeld: boolean | undefined
    try {
      isHeld = await renew()
    } catch (error) {
      if (!isOver) onFailure(error)
    }
    if (isOver) return
    if (isHeld === false) return lose()
    if (isHeld) hold(askedAt)
    renewAfter(askedAt)
  }
  hold(heldSince)
  renewAfter(heldSince)
  return { stop }
}
