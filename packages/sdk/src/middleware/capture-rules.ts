/** What a recorder's options say about capturing, made ready once for each recorder. */
import type { Recorder } from '../recorder/recorder.ts'
import { HeaderCapture } from './header-capture.ts'

export interface CaptureRules {
  readonly headers: HeaderCapture
  readonly trustedProxies: number
}

const ready = new WeakMap<Recorder, CaptureRules>()

export function captureOf(recorder: Recorder): CaptureRules {
  let rules = ready.get(recorder)
  if (rules === undefined) {
    const { capture, mask } = recorder.options
    rules = { headers: new HeaderCapture({ ...capture, mask }), trustedProxies: capture.trustedProxies }
    ready.set(recorder, rules)
  }
  return rules
}
