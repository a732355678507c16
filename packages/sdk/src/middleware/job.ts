/** Jobs, timers and scripts: whatever runs without a request. */
import type { Carrier } from '../recorder/carrier.ts'
import type { RecorderChoice } from '../recorder/default-recorder.ts'
import { runTrail } from '../recorder/run-trail.ts'

export { type Carrier, carrier } from '../recorder/carrier.ts'
export { runTrail, type WorkInit } from '../recorder/run-trail.ts'

/**
 * A job whose every run is a trail:
 *
 *     cron.schedule('0 3 * * *', trailJob('invoices.sent', sendInvoices))
 *
 * For a job that was caused by a request, give its carrier: `runTrail({ action, carrier }, fn)`.
 */
export function trailJob<Args extends unknown[], Result>(
  action: string,
  job: (...args: Args) => Promise<Result> | Result,
  {
    recorder,
    carrierOf,
  }: {
    recorder?: RecorderChoice
    carrierOf?: ((...args: Args) => Carrier | undefined) | undefined
  } = {},
): (...args: Args) => Promise<Result> {
  return (...args) => runTrail({ action, carrier: carrierOf?.(...args) }, () => job(...args), recorder)
}
