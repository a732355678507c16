/** The recorder of the process: the first that is made, for code that is handed none. */
import { assembleRecorder } from './create-recorder.ts'
import { currentTrail } from './current-trail.ts'
import type { RecorderOptions } from './options.ts'
import type { Recorder } from './recorder.ts'

/** A recorder, or the options of a new one, or nothing: the recorder of the process. */
export type RecorderChoice = Recorder | RecorderOptions | undefined

let first: Recorder | undefined

/**
 * Makes a recorder; the first one is that of the process until it is closed. Throws a `RangeError` or `TypeError` for options that
 * cannot be meant; the recorder itself never throws.
 */
export function createRecorder(options: RecorderOptions = {}): Recorder {
  const recorder = assembleRecorder(options)
  first ??= recorder
  void recorder.closed.then(() => {
    if (first === recorder) first = undefined
  })
  return recorder
}

/** The recorder of the process; made of the environment alone where nobody made one. */
export function defaultRecorder(): Recorder {
  return first ?? createRecorder()
}

/** Makes `recorder` the recorder of the process, whichever it was before. */
export function setDefaultRecorder(recorder: Recorder): void {
  first = recorder
}

/** The same options are the same recorder: they may be given with every call. */
const made = new WeakMap<RecorderOptions, Recorder>()

/** What a middleware was told to use. */
export function recorderOf(choice: RecorderChoice): Recorder {
  if (choice === undefined) return defaultRecorder()
  if ('openTrail' in choice) return choice
  let recorder = made.get(choice)
  if (recorder === undefined) {
    recorder = createRecorder(choice)
    made.set(choice, recorder)
  }
  return recorder
}

/** What an event or a log line goes to: what it was told, else with the trail that it belongs to, else the recorder of the process. */
export function currentRecorder(choice: RecorderChoice): Recorder {
  if (choice !== undefined) return recorderOf(choice)
  return (currentTrail()?.owner as Recorder | undefined) ?? defaultRecorder() // nothing else opens trails
}
