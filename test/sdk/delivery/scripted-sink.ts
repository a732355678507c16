/** A sink that does what a script says, write after write, and keeps what it has taken. */
import type { SealedRecord } from '../../../packages/sdk/src/delivery/sealed-record.ts'
import { type Delivered, type Sink, SinkError } from '../../../packages/sdk/src/sinks/sink.ts'

export type Step =
  | 'take'
  /** Takes the batch and loses the answer. */
  | 'take-then-fail'
  | 'take-half'
  | 'refuse'
  | 'fail'
  | 'fail-for-good'
  | 'throw'
  | 'nonsense'
  | 'trap'
  /** Settles only when it is aborted. */
  | 'hang'
  /** Never settles. */
  | 'hang-for-ever'
  | 'late'

export interface ScriptedSink extends Sink {
  /** All that was taken, in order, repetitions included. */
  readonly taken: readonly SealedRecord[]
  /** Sizes of the batches that were offered. */
  readonly offered: readonly number[]
  readonly closed: boolean
  /** Lets the oldest `late` write succeed. */
  answer(): void
  script: Step[]
}

/** After the script everything is taken. */
export function scriptedSink(script: Step[] = [], { last = 'take' }: { last?: Step } = {}): ScriptedSink {
  const taken: SealedRecord[] = []
  const offered: number[] = []
  const late: (() => void)[] = []
  let closed = false
  const take = (batch: readonly SealedRecord[]): Delivered[] => {
    taken.push(...batch)
    return batch.map(() => ({ kind: 'written' }))
  }
  return {
    name: 'scripted',
    taken,
    offered,
    script,
    get closed() {
      return closed
    },
    answer: () => late.shift()?.(),
    write(batch, signal) {
      offered.push(batch.length)
      switch (this.script.shift() ?? last) {
        case 'take':
          return Promise.resolve(take(batch))
        case 'take-then-fail':
          take(batch)
          return Promise.reject(new SinkError('the answer was lost', { retryable: true }))
        case 'take-half':
          return Promise.resolve(take(batch.slice(0, Math.ceil(batch.length / 2))))
        case 'refuse':
          return Promise.resolve(batch.map(() => ({ kind: 'refused', status: 'conflict', reason: 'no' })))
        case 'fail':
          return Promise.reject(new SinkError('away', { retryable: true }))
        case 'fail-for-good':
          return Promise.reject(new SinkError('never', { retryable: false }))
        case 'throw':
          throw new TypeError('a fault of the sink')
        case 'nonsense':
          return Promise.resolve('yes' as unknown as Delivered[])
        case 'trap':
          return Promise.resolve([trap() as Delivered])
        case 'hang':
          return new Promise((_, reject) =>
            signal.addEventListener('abort', () => reject(signal.reason as Error)),
          )
        case 'hang-for-ever':
          return new Promise(() => undefined)
        case 'late':
          return new Promise((resolve) => late.push(() => resolve(take(batch))))
      }
    },
    close() {
      closed = true
      return Promise.resolve()
    },
  }
}

const refuse = (): never => {
  throw new Error('a getter that throws')
}

/** An object of which nothing can be read. */
export function trap(): object {
  return new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse })
}

export function sealed(seq: number, extra: Record<string, unknown> = {}): SealedRecord {
  const id = `0193e0a0-0000-7000-8000-${seq.toString(16).padStart(12, '0')}`
  return {
    id,
    kind: 'event',
    seq,
    line: JSON.stringify({ ...extra, id, kind: 'event', stream: { id: 's', seq } }),
  }
}

export function seqsOf(records: readonly SealedRecord[]): number[] {
  return records.map(({ seq }) => seq)
}
