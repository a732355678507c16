/** A recorder's rules for headers, made ready once. */
import type { ResolvedOptions } from '../recorder/options.ts'
import { HeaderCapture } from './header-capture.ts'

const ready = new WeakMap<ResolvedOptions, HeaderCapture>()

export function headerCaptureOf(options: ResolvedOptions): HeaderCapture {
  let rules = ready.get(options)
  if (rules === undefined) {
    const { capture, mask } = options
    rules = new HeaderCapture({ ...capture, mask })
    ready.set(options, rules)
  }
  return rules
}
