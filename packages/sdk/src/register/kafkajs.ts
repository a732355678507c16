/** Consumers of kafkajs: each message that `eachMessage` is given is a trail. Batches are the application's own to take apart. */
import { isFirstCollected, type Method, watch } from '../collectors/collected.ts'
import { type ConsumedPayload, trailMessages } from '../middleware/kafka-consumer.ts'

interface RunConfig {
  readonly eachMessage?: (payload: ConsumedPayload) => Promise<unknown>
}

/** What a Kafka makes is watched. */
export function watchedConsumer(make: Method): Method {
  return function (...args) {
    const consumer = make.apply(this, args) as object
    if (isFirstCollected(consumer)) watch(consumer, 'run', watchedRun)
    return consumer
  }
}

function watchedRun(run: Method): Method {
  return function (config, ...rest) {
    const { eachMessage } = (config ?? {}) as RunConfig
    if (typeof eachMessage !== 'function') return run.call(this, config, ...rest)
    const watched = trailMessages(async (payload: ConsumedPayload) => await eachMessage(payload))
    return run.call(this, { ...(config as RunConfig), eachMessage: watched }, ...rest)
  }
}
