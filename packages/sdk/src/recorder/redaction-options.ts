/** What a recorder masks: core's rules, with what a service wants by default, and with Node's SHA-256. */
import { hash } from 'node:crypto'
import {
  type CompiledRedaction,
  compileRedaction,
  type Detector,
  type RedactionPolicy,
} from '@trailproof/core'

export interface RedactionOptions extends Omit<RedactionPolicy, 'sha256' | 'hashKey' | 'remembers'> {
  /**
   * Secrets that are recognised by their form, wherever they stand in a text. Rules that name a detector say otherwise for it.
   * Default card, iban, jwt and key; e-mail addresses are not among them, as they are no secrets.
   */
  readonly detect?: readonly Detector[] | undefined
  /** Needed by rules that hash: equal values stay comparable under the same key. 16 bytes or more. */
  readonly hashKey?: string | Uint8Array | undefined
}

const DETECT: readonly Detector[] = ['card', 'iban', 'jwt', 'key']

/** Throws a `RedactionPolicyError` for rules that cannot be followed. */
export function compileRedactionOptions(options: RedactionOptions = {}): CompiledRedaction {
  const { detect = DETECT, hashKey, rules = [], ...policy } = options
  const named = new Set(rules.flatMap((rule) => rule.detect ?? []))
  const rest = detect.filter((detector) => !named.has(detector))
  return compileRedaction({
    ...policy,
    remembers: true,
    rules: rest.length === 0 ? rules : [...rules, { detect: rest }],
    sha256: (bytes) => hash('sha256', bytes, 'buffer'),
    ...(hashKey !== undefined && { hashKey: typeof hashKey === 'string' ? Buffer.from(hashKey) : hashKey }),
  })
}
