/** The recorder of the process: the first that is made, for code that is handed none. */
import { createRecorder } from './create-recorder.ts'
import type { RecorderOptions } from './options.ts'
import { Recorder } from './recorder.ts'

/** A recorder, or the options of a new one, or nothing: the recorder of the process. */
export type RecorderChoice = Recorder | RecorderOptions | undefined

let first: Recorder | undefined

/** The recorder of the process; made of the environment alone where nobody made one. */
export function defaultRecorder(): Recorder {
  first ??= createRecorder()
  return first
}

/** Makes `recorder` the recorder of the process, whichever it was before. */
export function setDefaultRecorder(recorder: Recorder): void {
  first = recorder
}

/** What a middleware or collector was told to use. Options make a new recorder; the first one becomes that of the process. */
export function recorderOf(choice: RecorderChoice): Recorder {
  if (choice === undefined) return defaultRecorder()
  if (choice instanceof Recorder) return choice
  const recorder = createRecorder(choice)
  first ??= recorder
  return recorder
}
