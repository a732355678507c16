/** grpc.health.v1: whether the server takes records. Open to all, as /healthz and /readyz are. */
import { create } from '@bufbuild/protobuf'
import { ProblemError } from '../../api/authorize.ts'
import { problem } from '../../api/problem.ts'
import type { Services } from '../../services.ts'
import { AuditService } from './gen/audit/v1/audit_pb.ts'
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Serving,
} from './gen/grpc/health/v1/health_pb.ts'
import type { BoundMethod, MethodBinder } from './method.ts'

const SERVICES = new Set(['', AuditService.typeName, Health.typeName])
/** A watcher learns of a change this much later at most. */
const WATCH_INTERVAL_MS = 500

export function healthMethods(bind: MethodBinder, { admission }: Pick<Services, 'admission'>): BoundMethod[] {
  const current = (service: string): Serving => {
    if (!SERVICES.has(service)) return Serving.SERVICE_UNKNOWN
    return admission.state === 'open' ? Serving.SERVING : Serving.NOT_SERVING
  }

  async function* watch(service: string, signal: AbortSignal): AsyncGenerator<HealthCheckResponse, void> {
    for (let told: Serving | undefined; !signal.aborted; ) {
      const status = current(service)
      if (status !== told) yield create(HealthCheckResponseSchema, { status })
      told = status
      await pause(WATCH_INTERVAL_MS, signal)
    }
  }

  return [
    bind.unary(Health.method.check, undefined, async ({ service }) => {
      const status = current(service)
      if (status === Serving.SERVICE_UNKNOWN)
        throw new ProblemError(problem('not-found', `there is no service ${service.slice(0, 100)}`))
      return create(HealthCheckResponseSchema, { status })
    }),
    bind.serverStream(Health.method.watch, undefined, ({ service }, { signal }) => watch(service, signal)),
  ]
}

/** Ends early with `signal`. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
    if (signal.aborted) done()
  })
}
