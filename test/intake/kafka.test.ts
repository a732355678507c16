import { intakeSuite } from '@trailproof/conformance'
import { KafkaBroker } from '@trailproof/server/intake/kafka'
import { afterAll, beforeAll } from 'vitest'
import { type KafkaBroker as KafkaServer, startKafka } from '../support/kafka-broker.ts'

let server: KafkaServer
beforeAll(async () => {
  server = await startKafka()
}, 120_000)
afterAll(() => server[Symbol.asyncDispose]())

intakeSuite({
  name: 'kafka',
  open: (topic) =>
    KafkaBroker.open({
      brokers: [server.address],
      topic,
      group: topic,
      partitions: 4,
      sessionTimeoutMs: 6_000,
    }),
})
