/** A recorder's rules for headers, made ready once. */
import type { Recorder } from '../recorder/recorder.ts'
import { HeaderCapture } from './header-capture.ts'

const ready = new WeakMap<Recorder, HeaderCapture>()

export function headerCaptureOf(recorder: Recorder): HeaderCapture {
  let rules = ready.get(recorder)
  if (rules === undefined) {
    const { capture, mask } = recorder.options
    rules = new HeaderCapture({ ...capture, mask })
    ready.set(recorder, rules)
  }
  return rules
}
