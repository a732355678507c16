/** Puts a recorder together, and sees to it that nothing is lost when the process ends. */
import { collectCalls } from '../collectors/collect-calls.ts'
import { createDelivery } from '../delivery/delivery.ts'
import type { Loss } from '../delivery/loss-log.ts'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { createSpool, type Spool } from '../delivery/spool/spool.ts'
import { serverSink } from '../sinks/server-sink.ts'
import type { Sink } from '../sinks/sink.ts'
import { stdoutSink } from '../sinks/stdout-sink.ts'
import { eventDraft } from './draft.ts'
import { type QueueOptions, type RecorderOptions, type ResolvedOptions, resolveOptions } from './options.ts'
import type { Producer } from './producer.ts'
import { Recorder } from './recorder.ts'
import { type Sealer, seal } from './seal.ts'
import { Stream } from './stream.ts'

/** Use `createRecorder`. */
export function assembleRecorder(options: RecorderOptions = {}): Recorder {
  const resolved = resolveOptions(options)
  const stream = new Stream()
  const { redaction, producer, queue, onUndelivered } = resolved
  const sealer = { redaction, stream }
  const spool = spoolOf(queue, stream)
  const delivery = createDelivery({
    sink: resolved.sink ?? sinkOf(resolved),
    makeLossRecord: (loss) => lossRecord(loss, producer, sealer),
    ...(spool !== undefined && { spool }),
    ...(onUndelivered === 'fail' && { onAckFailure: 'fail' as const }),
    ...(queue.recordsMax !== undefined && { queueRecordsMax: queue.recordsMax }),
    ...(queue.bytesMax !== undefined && { queueBytesMax: queue.bytesMax }),
    ...(queue.maxAgeMs !== undefined && { maxAgeMs: queue.maxAgeMs }),
    ...(queue.ackTimeoutMs !== undefined && { ackTimeoutMs: queue.ackTimeoutMs }),
  })
  const recorder = new Recorder(resolved, stream, delivery)
  drainAtExit(recorder)
  if (options.collect !== false) collectCalls()
  return recorder
}

function sinkOf({ server }: ResolvedOptions): Sink {
  return server === undefined ? stdoutSink() : serverSink(server)
}

function spoolOf(
  { spoolDirectory, spoolBytesMax, spoolSync }: QueueOptions,
  stream: Stream,
): Spool | undefined {
  if (spoolDirectory === undefined) return undefined
  return createSpool({
    directory: spoolDirectory,
    stream: stream.id,
    ...(spoolBytesMax !== undefined && { bytesMax: spoolBytesMax }),
    ...(spoolSync !== undefined && { sync: spoolSync }),
  })
}

/** What is missing from the stream, said in the stream. */
function lossRecord(loss: Loss, producer: Producer, sealer: Sealer): SealedRecord {
  const { reason, records, seqs, exact, since, until } = loss
  const draft = eventDraft(producer, {
    action: 'stream.dropped',
    outcome: 'failure',
    reason,
    severity: 'error',
    metadata: {
      exact,
      records,
      seqs: seqs.map(([from, to]) => [from, to]),
      since: new Date(since).toISOString(),
      stream: sealer.stream.id,
      until: new Date(until).toISOString(),
    },
  })
  return seal(draft, sealer)
}

/** Recorders that are not closed. One pair of hooks serves them all. */
const open = new Set<Recorder>()

function drainAtExit(recorder: Recorder): void {
  if (open.size === 0) {
    process.on('exit', onExit)
    process.on('beforeExit', onBeforeExit)
  }
  open.add(recorder)
  void recorder.closed.then(() => {
    open.delete(recorder)
    if (open.size > 0) return
    process.off('exit', onExit)
    process.off('beforeExit', onBeforeExit)
  })
}

/** Nothing is left to do but this: what waits is sent, once. Trails that are open stay open, as something may still come. */
function onBeforeExit(): void {
  for (const recorder of open) if (recorder.hasWaiting) void recorder.flush()
}

function onExit(): void {
  for (const recorder of open) {
    recorder.abandonOpen()
    recorder.tellSampled()
    recorder.delivery.drainSync()
  }
}
