/** Everything that can be wrong with where records go. */
import {
  createRecorder,
  type Recorder,
  type RecorderOptions,
  type Sink,
  serverSink,
  stdoutSink,
} from '@trailproof/sdk'
import { type Step, scriptedSink } from '../delivery/scripted-sink.ts'

export const FAULTS = [
  'none',
  'throws',
  'rejects',
  'hangs',
  'cannot be read',
  'answers nonsense',
  'is a server that hangs',
  'is a server that answers garbage',
  'is away, over a full disk',
  'is away, with every trail on a full disk',
] as const
export type Fault = (typeof FAULTS)[number]

export interface FaultPlaces {
  /** Of a server that does what the fault says. */
  readonly url: string
  /** A directory on a disk that is full. */
  readonly fullDisk: string
}

const STEPS: Partial<Readonly<Record<Fault, Step>>> = {
  throws: 'throw',
  rejects: 'fail',
  hangs: 'hang-for-ever',
  'answers nonsense': 'nonsense',
  'cannot be read': 'trap',
}

/** Undefined: the service without the SDK. */
export function recorderWith(
  fault: Fault | 'no SDK',
  { url, fullDisk }: FaultPlaces,
  options: RecorderOptions = {},
): Recorder | undefined {
  switch (fault) {
    case 'no SDK':
      return undefined
    case 'none':
      return recorder({ sink: { ...stdoutSink(), write: taking } }, options)
    case 'throws':
    case 'rejects':
    case 'hangs':
    case 'cannot be read':
    case 'answers nonsense':
      return recorder({ sink: scriptedSink([], { last: STEPS[fault]! }) }, options)
    case 'is a server that hangs':
    case 'is a server that answers garbage':
      return recorder({ sink: serverSink({ url, timeoutMs: 200 }) }, options)
    case 'is away, over a full disk':
      return recorder(
        { sink: scriptedSink([], { last: 'fail' }), queue: { recordsMax: 5, spoolDirectory: fullDisk } },
        options,
      )
    case 'is away, with every trail on a full disk':
      return recorder(
        {
          sink: scriptedSink([], { last: 'fail' }),
          delivery: 'disk',
          onUndelivered: 'pass',
          queue: { recordsMax: 5, spoolDirectory: fullDisk },
        },
        options,
      )
  }
}

function recorder(own: RecorderOptions, options: RecorderOptions): Recorder {
  return createRecorder({ service: 'host', ...own, ...options })
}

const taking: Sink['write'] = (batch) => Promise.resolve(batch.map(() => ({ kind: 'written' as const })))
