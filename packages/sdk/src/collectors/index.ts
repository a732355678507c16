/** Clients that tell of themselves on no channel are handed over once; what they call is then in the trails. */
export { collectKafkaJs } from './kafkajs.ts'
