/** Of several servers on one database, one at a time does a piece of work; the others leave it. */
import { randomUUID } from 'node:crypto'
import type { Leases } from './lease.ts'

/** A holder that is silent for so long is taken for dead. */
const LEASE_MS = 30_000

/** Runs work under a lease of that name, or not at all while another server holds it. The work must bear to be done by two: a holder that stands still for too long loses its lease. */
export function aloneUnder(leases: Leases, name: string): (work: () => Promise<void>) => Promise<void> {
  const holder = randomUUID()
  return async (work) => {
    const lease = await leases.acquireLease(name, holder, LEASE_MS, Date.now())
    if (lease === undefined) return
    const renewing = setInterval(() => {
      // A renewal that fails is tried again; the lease outlives several.
      void leases.renewLease(name, holder, lease.epoch, LEASE_MS, Date.now()).catch(() => undefined)
    }, LEASE_MS / 4)
    try {
      await work()
    } finally {
      clearInterval(renewing)
      await leases.releaseLease(name, holder, lease.epoch).catch(() => undefined)
    }
  }
}
