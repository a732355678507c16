/** What can be set about delivery, and what holds when it is not. */
import type { Sink } from '../sinks/sink.ts'
import { type Clock, systemClock } from './clock.ts'
import type { Loss } from './loss-log.ts'
import type { SealedRecord } from './sealed-record.ts'
import type { Spool } from './spool/spool.ts'

export interface DeliveryOptions {
  readonly sink: Sink
  /**
   * Where records wait on disk. Without one, `disk` records fail, and what cannot be sent when the process ends is lost
   * and counted.
   */
  readonly spool?: Spool
  /**
   * What happens to `async` records when the queue is full. `spool`: they wait on disk, in order. `drop`: they are lost,
   * counted, and recorded as lost. Default: `spool` with a spool, else `drop`.
   */
  readonly onQueueFull?: 'spool' | 'drop'
  /**
   * What an `ack` record's request is told when no receipt came in time. `spool`: that it is safe on disk. `fail`: that it
   * is not acknowledged. Either way the record is sent again until it is settled. Default: `spool` with a spool, else `fail`.
   */
  readonly onAckFailure?: 'spool' | 'fail'
  /** Beyond this many records in memory the queue is full. Default 10_000. */
  readonly queueRecordsMax?: number
  /** Beyond this many bytes in memory the queue is full. Default 16 MiB. */
  readonly queueBytesMax?: number
  /** Most records in one write; as soon as so many wait they leave. Default 500. */
  readonly batchRecordsMax?: number
  /** Most bytes in one write, unless one record alone is larger; as soon as so many wait they leave. Default 1 MiB. */
  readonly batchBytesMax?: number
  /** A record leaves at the latest when it is this old and the sink is free. Default 200. */
  readonly maxAgeMs?: number
  /** How long the request of an `ack` record waits for its receipt. Default 2_000. */
  readonly ackTimeoutMs?: number
  /** How long the request of a `disk` record waits for the disk. Default 2_000. */
  readonly diskTimeoutMs?: number
  /** A write that takes longer is aborted and tried again. Default 30_000. */
  readonly writeTimeoutMs?: number
  /** Makes the record of a gap. Without it gaps are counted and told on the diagnostics channel alone. */
  readonly makeLossRecord?: (loss: Loss) => SealedRecord
  /** Default: the system's. */
  readonly clock?: Clock
}

export type ResolvedDelivery = Required<Omit<DeliveryOptions, 'spool' | 'makeLossRecord'>> &
  Pick<DeliveryOptions, 'spool' | 'makeLossRecord'>

/** Throws a RangeError for what cannot be meant: at the start is the time to say so. */
export function resolveDelivery(options: DeliveryOptions): ResolvedDelivery {
  const { spool } = options
  const resolved = {
    ...options,
    onQueueFull: options.onQueueFull ?? (spool ? 'spool' : 'drop'),
    onAckFailure: options.onAckFailure ?? (spool ? 'spool' : 'fail'),
    queueRecordsMax: atLeast(1, options, 'queueRecordsMax', 10_000),
    queueBytesMax: atLeast(1, options, 'queueBytesMax', 16 * 2 ** 20),
    batchRecordsMax: atLeast(1, options, 'batchRecordsMax', 500),
    batchBytesMax: atLeast(1, options, 'batchBytesMax', 2 ** 20),
    maxAgeMs: atLeast(0, options, 'maxAgeMs', 200),
    ackTimeoutMs: atLeast(1, options, 'ackTimeoutMs', 2_000),
    diskTimeoutMs: atLeast(1, options, 'diskTimeoutMs', 2_000),
    writeTimeoutMs: atLeast(1, options, 'writeTimeoutMs', 30_000),
    clock: options.clock ?? systemClock,
  }
  if (spool === undefined && (resolved.onQueueFull === 'spool' || resolved.onAckFailure === 'spool'))
    throw new RangeError('onQueueFull and onAckFailure can be "spool" only with a spool')
  return resolved
}

type NumberName = {
  [Name in keyof DeliveryOptions]-?: DeliveryOptions[Name] extends number | undefined ? Name : never
}[keyof DeliveryOptions]

function atLeast(least: number, options: DeliveryOptions, name: NumberName, unset: number): number {
  const value = options[name] ?? unset
  if (!Number.isFinite(value) || value < least)
    throw new RangeError(`${name} is a number of at least ${least}, not ${String(value)}`)
  return value
}
