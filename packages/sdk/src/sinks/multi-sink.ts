/** Every record to several sinks. The first one decides; the others get copies. */
import type { DeliveryCounters } from '../delivery/counters.ts'
import { createDelivery } from '../delivery/delivery.ts'
import type { DeliveryOptions } from '../delivery/delivery-options.ts'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { type Delivered, type Sink, SinkError, type WriteWish } from './sink.ts'

/** Bounds of each copy's own queue; as in `DeliveryOptions`. */
export type CopyOptions = Pick<
  DeliveryOptions,
  | 'queueRecordsMax'
  | 'queueBytesMax'
  | 'batchRecordsMax'
  | 'batchBytesMax'
  | 'maxAgeMs'
  | 'writeTimeoutMs'
  | 'clock'
>

export interface MultiSink extends Sink {
  /** What became of the copies, by sink. */
  readonly copies: readonly { readonly name: string; readonly counters: DeliveryCounters }[]
}

/**
 * The first sink is the authority: its receipts and refusals are the records', and delivery retries and spools for it alone.
 * Each of the others has a bounded queue and retries of its own, so that no sink waits for another, not for the first one
 * either; what does not fit its queue is dropped there, counted and reported. A copy may come twice, under the same id, when
 * its record went through the spool.
 */
export function multiSink(
  sinks: readonly [first: Sink, ...copies: Sink[]],
  options: CopyOptions = {},
): MultiSink {
  const [first, ...others] = sinks
  if (first === undefined) throw new RangeError('multiSink takes at least one sink')
  const copies = others.map((sink) => ({ name: sink.name, delivery: createDelivery({ ...options, sink }) }))
  // A batch that is tried again was copied the first time.
  const copied = new WeakSet<SealedRecord>()
  const copy = (batch: readonly SealedRecord[]): void => {
    for (const record of batch) {
      if (copied.has(record)) continue
      copied.add(record)
      for (const { delivery } of copies) delivery.deliver(record)
    }
  }
  return {
    name: sinks.map(({ name }) => name).join(', '),
    get copies() {
      return copies.map(({ name, delivery }) => ({ name, counters: delivery.counters }))
    },
    write(
      batch: readonly SealedRecord[],
      signal: AbortSignal,
      wish?: WriteWish,
    ): Promise<readonly Delivered[]> {
      copy(batch)
      return first.write(batch, signal, wish)
    },
    writeSync(batch) {
      copy(batch)
      for (const { delivery } of copies) delivery.drainSync()
      if (first.writeSync !== undefined) first.writeSync(batch)
      else if (batch.length > 0)
        throw new SinkError(`${first.name} cannot write at the exit`, { retryable: false })
    },
    async close() {
      await Promise.all([first.close(), ...copies.map(({ delivery }) => delivery.close())])
    },
  }
}
