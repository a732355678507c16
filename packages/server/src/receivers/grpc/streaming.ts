/** The two halves of a streaming call with their back-pressure: neither side can be made to hold more than a bound. */
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'

type Bytes = Uint8Array

/**
 * Answers the requests of a stream in their order. `answer` is begun for at most `inFlightMax` of them at once.
 * Resolves when the client has sent its last and all are answered, or when `signal` ends it and what was begun is
 * answered; rejects with the first failure, after the answers before it.
 */
export function answerInOrder(
  call: ServerDuplexStream<Bytes, Bytes>,
  answer: (request: Bytes) => Promise<Bytes>,
  inFlightMax: number,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let inFlight = 0
    let isOver = false
    let sent = Promise.resolve()
    const finish = (): void => {
      isOver = true
      sent.then(resolve, reject)
    }
    call.on('data', (request: Bytes) => {
      if (isOver) return
      if (++inFlight >= inFlightMax) call.pause()
      const answered = answer(request)
      answered.catch(() => undefined) // reported below, in its turn
      sent = sent.then(async () => {
        await write(call, await answered, signal)
        inFlight--
        call.resume()
      })
      sent.catch((error: unknown) => {
        isOver = true
        reject(error)
      })
    })
    call.on('end', finish)
    signal.addEventListener('abort', finish)
    if (signal.aborted) finish()
  })
}

/** Resolves when the next message may be written, or when `signal` says that none will be. */
export function write(
  call: ServerWritableStream<Bytes, Bytes> | ServerDuplexStream<Bytes, Bytes>,
  message: Bytes,
  signal: AbortSignal,
): Promise<void> {
  if (call.write(message) || signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      call.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    call.on('drain', done)
    signal.addEventListener('abort', done)
  })
}
