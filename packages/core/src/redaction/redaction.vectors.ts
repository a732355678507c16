/** Runs spec/vectors/record-redaction.json: the default policy. */

import { mismatch, type VectorFile } from '../vector-suite.ts'
import { compileRedaction } from './policy.ts'
import { redactPersonal } from './redact-record.ts'
import { redactText } from './redact-text.ts'

type RedactionCase =
  | { readonly name: string; readonly secret: boolean }
  | { readonly text: string; readonly redacted: string }
  | { readonly personal: object; readonly redacted: object }

export function runRedactionVectors({ cases }: VectorFile<RedactionCase>): string[] {
  const policy = compileRedaction()
  return cases.flatMap((each, i) => {
    if ('name' in each)
      return mismatch(i, `secrecy of ${each.name}`, policy.isSecretName(each.name), each.secret)
    if ('text' in each) return mismatch(i, 'text', redactText(each.text, policy), each.redacted)
    return mismatch(i, 'personal group', redactPersonal(each.personal, policy), each.redacted)
  })
}
