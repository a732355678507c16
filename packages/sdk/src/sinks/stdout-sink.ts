/** One JSON line a record on stdout, for whatever collects it there. */
import { writeSync } from 'node:fs'
import type { Writable } from 'node:stream'
import type { SealedRecord } from '../delivery/sealed-record.ts'
import { type Delivered, type Sink, SinkError } from './sink.ts'

export interface StdoutSinkOptions {
  /** Default `process.stdout`. */
  readonly stream?: Writable & { readonly fd?: number }
}

/** How long the exit of the process waits for a reader that does not read. */
const EXIT_MS_MAX = 500
const EXIT_POLL_MS = 5

/**
 * Writes through the stream, so that lines of ours and of `console.log` never mix, and waits for the reader: a slow one
 * costs queue, not the host's time. A reader that is gone is gone for good: records are then dropped, with a count.
 */
export function stdoutSink({ stream = process.stdout }: StdoutSinkOptions = {}): Sink {
  const underWay = new Set<SealedRecord>()
  const sink: Sink = {
    name: 'stdout',
    // A write cannot be taken back, and repeating it would double its lines: the signal changes nothing.
    async write(batch) {
      for (const record of batch) underWay.add(record)
      try {
        await writeTo(stream, linesOf(batch))
      } finally {
        for (const record of batch) underWay.delete(record)
      }
      return batch.map((): Delivered => ({ kind: 'written' }))
    },
    close: () => Promise.resolve(),
  }
  const { fd } = stream
  if (fd === undefined) return sink
  return {
    ...sink,
    writeSync(batch) {
      // An empty queue: the system has all of it, and only the callback did not come any more.
      const isTaken = stream.writableLength === 0
      const left = isTaken ? batch.filter((record) => !underWay.has(record)) : batch
      // Else the system has a part of it, we do not know which: all of it again, on a line of its own.
      if (left.length > 0) writeWholeSync(fd, (isTaken ? '' : '\n') + linesOf(left))
    },
  }
}

function linesOf(batch: readonly SealedRecord[]): string {
  return batch.map(({ line }) => `${line}\n`).join('')
}

function writeTo(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // The stream tells its error twice. Nobody listening to the event would end the host's process.
    stream.once('error', ignored)
    stream.write(text, (error) => {
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
function writeWholeSync(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  const deadline = performance.now() + EXIT_MS_MAX
  for (let at = 0; at < bytes.length; )
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, EXIT_POLL_MS)
    }
}
