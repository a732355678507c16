/** The gRPC server: every method, on connections that the shared port hands over. */
import type { Duplex } from 'node:stream'
import {
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import type { AcceptDeps } from '../../accept.ts'
import type { Services } from '../../services.ts'
import { AuditService } from './gen/audit/v1/audit_pb.ts'
import { healthMethods } from './health.ts'
import { logMethods } from './log-events.ts'
import { type BoundMethod, MethodBinder } from './method.ts'
import { readMethods } from './read-events.ts'
import { reflectionMethods } from './reflection.ts'
import { searchMethods } from './search.ts'
import { tailMethods } from './tail.ts'

/** Calls at once on one connection; a client that needs more opens another one. */
export const CONNECTION_CALLS_MAX = 256
/** What a client may send ahead on one call: a batch of some hundred records without waiting for the server's word. */
const FLOW_CONTROL_WINDOW_BYTES = 1_048_576
/** A peer that is gone without a word is noticed; tails and streams would otherwise be kept for it. */
const KEEPALIVE_MS = 60_000
const KEEPALIVE_TIMEOUT_MS = 20_000
/** As old as a connection without a call may become; clients connect again by themselves. */
const IDLE_MS = 300_000

/** The name under which the three RPCs that the service began with were called. */
const OLD_SERVICE = 'proto.AuditService'
const OLD_METHODS = new Set(['LogEvent', 'GetEventByID', 'GetEventByResource'])

export interface GrpcServer {
  /** Speaks HTTP/2 on a connection, whose first bytes may have been put back into it. */
  take(connection: Duplex): void
  /** Ends streams, lets calls finish, and closes all connections; what is left after `graceMs` is cut. */
  stop(graceMs: number): void
}

export function buildGrpcServer(services: Services, deps: AcceptDeps): GrpcServer {
  const { roles } = services
  const stopping = new AbortController()
  const server = new Server({
    'grpc.max_receive_message_length': services.settings.body_bytes_max,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': CONNECTION_CALLS_MAX,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.max_connection_idle_ms': IDLE_MS,
    // Counts every message a second time; /metrics has what is asked for.
    'grpc.enable_channelz': 0,
  })
  const bind = new MethodBinder(services, stopping.signal)
  const audit = [
    ...(roles.has('receiver') ? logMethods(bind, services, deps) : []),
    ...(roles.has('api')
      ? [...readMethods(bind, services), ...searchMethods(bind, services), ...tailMethods(bind, services)]
      : []),
  ]
  for (const methods of [audit, oldMethods(audit), healthMethods(bind, services), reflectionMethods(bind)])
    if (methods.length > 0) server.addService(...serviceOf(methods))
  // TLS, where there is any, ends before: at the port that is shared with HTTP.
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure())
  return {
    take: (connection) => injector.injectConnection(connection),
    stop(graceMs) {
      stopping.abort()
      injector.drain(graceMs)
    },
  }
}

function serviceOf(methods: readonly BoundMethod[]): [ServiceDefinition, UntypedServiceImplementation] {
  return [
    Object.fromEntries(methods.map(({ definition }) => [definition.path, definition])),
    Object.fromEntries(methods.map(({ definition, handle }) => [definition.path, handle])),
  ]
}

/** The same functions under the old service's name. */
function oldMethods(methods: readonly BoundMethod[]): BoundMethod[] {
  return methods.flatMap(({ definition, handle }) => {
    const name = definition.path.slice(definition.path.lastIndexOf('/') + 1)
    if (!OLD_METHODS.has(name)) return []
    const path = definition.path.replace(AuditService.typeName, OLD_SERVICE)
    return [{ definition: { ...definition, path }, handle }]
  })
}
