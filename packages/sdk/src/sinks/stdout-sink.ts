/** One JSON line a record on stdout, for whatever collects it there. */
import { writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { InTurn } from './in-turn.ts'
import { type Delivered, type Sink, SinkError } from './sink.ts'

export interface StdoutSinkOptions {
  /** Default `process.stdout`. */
  readonly stream?: (Writable & { readonly fd?: number }) | undefined
}

/** How long the exit of the process waits for a reader that does not read. */
const EXIT_MS_MAX = 500
const EXIT_POLL_MS = 5
/** How often a write lets the host's go first: one that writes without end must not keep ours back for ever. */
const YIELDS_MAX = 100

/** What was given to the stream and not called back. */
interface UnderWay {
  readonly records: ReadonlySet<SealedRecord>
  readonly bytes: Buffer
  /** Whether the system gets nothing else before it has all of it: then what is left can be told. */
  readonly isAlone: boolean
}

/**
 * Writes through the stream, so that lines of ours and of `console.log` never mix, and waits for the reader: a slow one
 * costs queue, not the host's time. A reader that is gone is gone for good: records are then dropped, with a count.
 */
export function stdoutSink({ stream = process.stdout }: StdoutSinkOptions = {}): Sink {
  const turn = new InTurn()
  let underWay: UnderWay | undefined
  const sink: Sink = {
    name: 'stdout',
    // A write cannot be taken back, and repeating it would double its lines: the signal changes nothing.
    write: (batch) =>
      turn.run(async () => {
        for (let yields = 0; stream.writableLength > 0 && yields < YIELDS_MAX; yields++)
          await writeTo(stream, NOTHING)
        const isAlone = stream.writableLength === 0 && stream.writableCorked === 0
        underWay = { records: new Set(batch), bytes: Buffer.from(linesOf(batch)), isAlone }
        try {
          await writeTo(stream, underWay.bytes)
        } finally {
          underWay = undefined
        }
        return batch.map((): Delivered => ({ kind: 'written' }))
      }),
    close: () => Promise.resolve(),
  }
  const { fd } = stream
  if (fd === undefined) return sink
  return {
    ...sink,
    writeSync(batch) {
      const begun = underWay && untaken(stream, underWay)
      // What of it the system has is not known: all of it again, on a line of its own.
      const isTorn = begun === undefined && stream.writableLength > 0
      const left = begun === undefined ? batch : batch.filter((record) => !underWay!.records.has(record))
      const lines = Buffer.from((isTorn ? '\n' : '') + linesOf(left))
      writeWholeSync(fd, begun === undefined ? lines : Buffer.concat([begun, lines]))
    },
  }
}

const NOTHING = Buffer.alloc(0)

/** What the system has not taken of a write under way; undefined where that cannot be told. */
function untaken(stream: Writable, { bytes, isAlone }: UnderWay): Buffer | undefined {
  // All of it is taken, and only the callback did not come any more.
  if (stream.writableLength === 0) return NOTHING
  // Node has no other name for it. A pipe takes what fits; the rest waits in the handle.
  const { _handle: handle } = stream as { _handle?: { readonly writeQueueSize?: number } | null }
  const waiting = handle?.writeQueueSize
  if (!isAlone || waiting === undefined || waiting > bytes.length) return undefined
  return bytes.subarray(bytes.length - waiting)
}

function linesOf(batch: readonly SealedRecord[]): string {
  return batch.map(({ line }) => `${line}\n`).join('')
}

function writeTo(stream: Writable, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    // The stream tells its error twice. Nobody listening to the event would end the host's process.
    stream.once('error', ignored)
    stream.write(bytes, (error) => {
      // The event comes in a later turn than the callback.
      setImmediate(() => stream.removeListener('error', ignored))
      if (!error) resolve()
      else reject(new SinkError(`stdout: ${error.message}`, { retryable: false, cause: error }))
    })
  })
}

function ignored(): void {
  // The callback of the write has the same error.
}

/** Writes all of it to a pipe that may be full for the moment, or throws. */
function writeWholeSync(fd: number, bytes: Buffer): void {
  const deadline = performance.now() + EXIT_MS_MAX
  for (let at = 0; at < bytes.length; )
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_POLL_MS)
    }
}
