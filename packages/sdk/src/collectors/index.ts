/** Clients that tell of themselves on no channel are handed over once; what they call is then in the trails. */
export { collectConnect } from './connect.ts'
export { type CustomCall, collectCall } from './custom.ts'
export { collectGrpc, type GrpcClientModule } from './grpc.ts'
export { collectKafkaJs } from './kafkajs.ts'
export { collectPg } from './pg.ts'
export { collectRedis } from './redis-client.ts'
export { collectSqlite } from './sqlite.ts'
