/** Clients that tell of themselves on no channel are handed over once; what they call is then in the trails. */
export { type CustomCall, collectCall } from './custom.ts'
export { collectKafkaJs } from './kafkajs.ts'
export { collectPg } from './pg.ts'
export { collectSqlite } from './sqlite.ts'
