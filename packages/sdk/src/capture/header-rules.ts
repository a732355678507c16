/** A recorder's rules for headers, made ready once. */
import type { ResolvedOptions } from '../recorder/options.ts'
import { ACTOR_HEADER } from '../trace-context/signed-actor.ts'
import { HeaderCapture } from './header-capture.ts'

const ready = new WeakMap<ResolvedOptions, HeaderCapture>()

export function headerCaptureOf(options: ResolvedOptions): HeaderCapture {
  let rules = ready.get(options)
  if (rules === undefined) {
    const { capture, mask } = options
    const excludeHeaders = [...capture.excludeHeaders, ACTOR_HEADER]
    rules = new HeaderCapture({ ...capture, excludeHeaders, mask })
    ready.set(options, rules)
  }
  return rules
}
