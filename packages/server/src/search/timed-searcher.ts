/** The search thread as it is, each answer timed but how far it is, which the server asks for itself. */
import type { Metrics } from '../metrics/metrics.ts'
import type { WorkerApi } from '../process/worker-call.ts'
import type { SearchHandlers } from './search-worker.ts'

export function timedSearcher(
  searcher: WorkerApi<SearchHandlers>,
  metrics: Pick<Metrics, 'observeSearch'>,
): WorkerApi<SearchHandlers> {
  const timed =
    (operation: string, ask: (...args: unknown[]) => Promise<unknown>) =>
    async (...args: unknown[]): Promise<unknown> => {
      const started = performance.now()
      const answer = await ask(...args)
      metrics.observeSearch(operation, (performance.now() - started) / 1000, isComplete(answer))
      return answer
    }
  return new Proxy(searcher, {
    // What is there are functions of the thread, one a handler (worker-call.ts).
    get: (target, operation: string) => {
      const ask = target[operation as keyof SearchHandlers] as (...args: unknown[]) => Promise<unknown>
      return operation === ('cursor' satisfies keyof SearchHandlers) ? ask : timed(operation, ask)
    },
  })
}

function isComplete(answer: unknown): boolean {
  const { complete = true, capped = false } = (answer ?? {}) as { complete?: boolean; capped?: boolean }
  return complete && !capped
}
