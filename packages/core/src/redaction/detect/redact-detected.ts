/** Replaces what the detectors of a policy find in a text. */

import type { CompiledRedaction } from '../policy.ts'
import { type RedactionMode, replacedText } from '../replacement.ts'
import { findCardNumber } from './card-number.ts'
import { DETECTIONS } from './detectors.ts'
import { replaceFound } from './found.ts'
import { replaceFoundInEscaped } from './percent-view.ts'

/** The same string when nothing was found. */
export function redactDetected(text: string, policy: CompiledRedaction): string {
  let out = text
  for (const [detector, mode] of policy.detect) {
    const by = (secret: string): string => replacedText(secret, mode, policy)
    const { hint, find } = DETECTIONS[detector]
    for (const findNext of find) {
      // Decoded first: `%20` before a card number would make it look longer than it is.
      out = replaceFoundInEscaped(out, findNext, by)
      if (hint.test(out)) out = replaceFound(out, findNext, by)
    }
  }
  return out
}

/** A number of JSON: after what may stand before a value and before what may stand after one. */
const JSON_NUMBER = /(^|[:,[])(\s*)(\d{13,19})(?=\s*(?:[,}\]]|$))/g

/** Card numbers that are numbers in `outside`, what stands between the texts of JSON; a text replaces them. */
export function redactJsonNumbers(outside: string, mode: RedactionMode, policy: CompiledRedaction): string {
  return outside.replace(JSON_NUMBER, (all, before: string, space: string, digits: string) => {
    const found = findCardNumber(digits, 0)
    return found === undefined || found.to < digits.length
      ? all
      : before + space + JSON.stringify(replacedText(digits, mode, policy))
  })
}
