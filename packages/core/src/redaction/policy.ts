/** What is masked, and with what. */

import { compileSecretNames, type IsSecretName } from './secret-name.ts'

export interface RedactionPolicy {
  /** More names whose values are masked, in any style: `customerNumber` covers `customer_number`. Default none. */
  readonly names?: readonly string[]
  /** Names that are not masked although the built-in rules say so. Default none. */
  readonly except?: readonly string[]
  /** Whether the built-in names and the secrets recognised inside texts are masked. Default true. */
  readonly defaults?: boolean
  /** What stands in place of a secret. Default `***`. */
  readonly mask?: string
}

/** A policy made ready; one serves any number of records. */
export interface CompiledRedaction {
  readonly isSecretName: IsSecretName
  /** Whether credentials, tokens and keys are also looked for inside texts. */
  readonly texts: boolean
  readonly mask: string
}

export function compileRedaction(policy: RedactionPolicy = {}): CompiledRedaction {
  const { names = [], except = [], defaults = true, mask = '***' } = policy
  return { isSecretName: compileSecretNames({ names, except, defaults }), texts: defaults, mask }
}
