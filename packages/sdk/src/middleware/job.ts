/** Jobs, timers and scripts: whatever runs without a request. */
import { type Carrier, runTrail } from '../recorder/carrier.ts'
import type { RecorderChoice } from '../recorder/default-recorder.ts'

export { type Carrier, carrier, runTrail, type WorkInit } from '../recorder/carrier.ts'

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
  }: { recorder?: RecorderChoice; carrierOf?: (...args: Args) => Carrier | undefined } = {},
): (...args: Args) => Promise<Result> {
  return (...args) => runTrail({ action, carrier: carrierOf?.(...args) }, () => job(...args), recorder)
}
