/** @grpc/grpc-js, both sides: the interceptors that an application would add itself; where it has, it stays at one. */
import { watch } from '../collectors/collected.ts'
import { collectGrpc, type GrpcClientModule } from '../collectors/grpc.ts'
import { type GrpcModule, trails } from '../middleware/grpc-server.ts'

/** What the library chooses from. Those of a call are taken in place of the client's, and providers not beside others. */
interface Interceptors {
  readonly callInterceptors: readonly unknown[]
  readonly callInterceptorProviders: readonly unknown[]
  readonly clientInterceptors: readonly unknown[]
  readonly clientInterceptorProviders: readonly unknown[]
}

export function collectGrpcClients(module: GrpcClientModule): void {
  const ours = collectGrpc(module)
  watch(
    module,
    'getInterceptingCall',
    (make) =>
      function (given, ...rest) {
        return make.call(this, withOurs(given as Interceptors, ours), ...rest)
      },
  )
}

function withOurs(given: Interceptors, ours: unknown): Interceptors {
  const { callInterceptors, callInterceptorProviders, clientInterceptors, clientInterceptorProviders } = given
  const provider = (): unknown => ours
  if (callInterceptorProviders.length > 0)
    return { ...given, callInterceptorProviders: [...callInterceptorProviders, provider] }
  if (callInterceptors.length > 0) return { ...given, callInterceptors: [...callInterceptors, ours] }
  if (clientInterceptorProviders.length > 0)
    return { ...given, clientInterceptorProviders: [...clientInterceptorProviders, provider] }
  return { ...given, clientInterceptors: [...clientInterceptors, ours] }
}

export function recordGrpcServers(module: GrpcModule): void {
  let ours: unknown // made with the first call: by then the application may have made its recorder
  watch(
    module,
    'getServerInterceptingCall',
    (make) =>
      function (interceptors, ...rest) {
        ours ??= trails(module)
        return make.call(this, [ours, ...(interceptors as unknown[])], ...rest)
      },
  )
}
