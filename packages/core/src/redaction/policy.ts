/** What is masked, and with what. */

import { encodeHex } from '../encoding/hex.ts'
import type { Sha256 } from '../merkle/hash.ts'
import { CleanTexts } from './clean-texts.ts'
import { DETECTIONS, DETECTORS, type Detector } from './detect/detectors.ts'
import { ESCAPE } from './detect/percent-view.ts'
import { hmacSha256 } from './hmac-sha256.ts'
import { compilePaths, type PathState } from './path-matcher.ts'
import type { RedactionMode, Replacements } from './replacement.ts'
import { compileRules, RedactionPolicyError, type RedactionRule } from './rule.ts'
import { compileSecretNames, type ModeOfName } from './secret-name.ts'

export interface RedactionPolicy {
  /** More names whose values are masked, in any style: `customerNumber` covers `customer_number`. Default none. */
  readonly names?: readonly string[] | undefined
  /** Names that are not masked although the built-in rules say so. Default none. */
  readonly except?: readonly string[] | undefined
  /** Whether the built-in names and the secrets recognised inside texts are masked. Default true. */
  readonly defaults?: boolean | undefined
  /** What stands in place of a secret. Default `***`. */
  readonly mask?: string | undefined
  /** What else is covered, and what stands in its place. Default none. */
  readonly rules?: readonly RedactionRule[] | undefined
  /**
   * The secret under which rules `as: 'hash'` hash; 16 bytes or more, 32 random ones are best. Whoever knows it
   * can try out values; whoever changes it makes hashes before and after incomparable. No default.
   */
  readonly hashKey?: Uint8Array | undefined
  /** Needed with `hashKey`: this package brings no hash function of its own. */
  readonly sha256?: Sha256 | undefined
  /**
   * Whether short texts in which nothing was found are remembered: names of hosts and user agents come again with each
   * record of a producer. 4,096 texts of at most 256 characters; secrets are never among them. Default false.
   */
  readonly remembers?: boolean | undefined
}

/** A policy made ready; one serves any number of records. */
export interface CompiledRedaction extends Replacements {
  readonly modeOfName: ModeOfName
  readonly isSecretName: (name: string) => boolean
  /** Whether secrets are also looked for inside texts. */
  readonly texts: boolean
  /** Whether credentials, tokens and keys inside texts are masked by their form. */
  readonly forms: boolean
  /** Whether any rules are to be followed; without, texts go the shorter way. */
  readonly hasRules: boolean
  /** What stands in place of what is told by its form, in the order in which it is looked for. */
  readonly detect: readonly (readonly [detector: Detector, mode: RedactionMode])[]
  /** What stands in place of card numbers; undefined: they are not looked for. */
  readonly cards: RedactionMode | undefined
  /** Where paths begin; undefined: there are none. */
  readonly paths: PathState | undefined
  /** Matches every text in which anything could be found. */
  readonly suspicious: RegExp
  /** The same of texts with a colon whose names are known not to be secret. */
  readonly suspiciousBesideNames: RegExp
  /** Texts in which nothing was found; undefined: they are not remembered. */
  readonly clean: CleanTexts | undefined
}

const HASH_KEY_BYTES_MIN = 16
/** 128 bits: far more than anyone can make collide by chance. */
const HASH_HEX_CHARS = 32

/** Whatever none of these is in holds no credential, token, key, JSON, element or pair. No quantifier, so linear. */
const SUSPICIOUS =
  /[={[<]|:(?:\D|(?<=[dD]:))|%3|%25|[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]|eyJ|-----BEGIN/
const SUSPICIOUS_BESIDE_NAMES =
  /[={[<]|:\/\/|%3|%25|[Bb][Ee][Aa][Rr][Ee][Rr]|[Bb][Aa][Ss][Ii][Cc]|eyJ|-----BEGIN/

/** Throws `RedactionPolicyError` for rules that cannot be followed. */
export function compileRedaction(policy: RedactionPolicy = {}): CompiledRedaction {
  const { names = [], except = [], defaults = true, mask = '***' } = policy
  const rules = compileRules(policy.rules ?? [])
  const modeOfName = compileSecretNames({ names, except, defaults, modes: rules.names })
  const inTexts = rules.names.size > 0 || rules.detect.size > 0
  return {
    modeOfName,
    isSecretName: (name) => modeOfName(name) !== undefined,
    texts: defaults || inTexts,
    forms: defaults || !inTexts,
    hasRules: inTexts,
    detect: DETECTORS.flatMap((detector) => {
      const mode = rules.detect.get(detector)
      return mode === undefined ? [] : [[detector, mode] as const]
    }),
    cards: rules.detect.get('card'),
    paths: compilePaths(rules.paths),
    suspicious: suspicious(SUSPICIOUS, [...rules.detect.keys()]),
    suspiciousBesideNames: suspicious(SUSPICIOUS_BESIDE_NAMES, [...rules.detect.keys()]),
    clean: policy.remembers === true ? new CleanTexts() : undefined,
    mask,
    hash: compileHash(policy),
  }
}

function suspicious(base: RegExp, detectors: readonly Detector[]): RegExp {
  if (detectors.length === 0) return base
  const hints = detectors.map((detector) => DETECTIONS[detector].hint)
  return new RegExp([base, ESCAPE, ...hints].map(({ source }) => source).join('|'))
}

function compileHash({ rules = [], hashKey, sha256, mask = '***' }: RedactionPolicy): Replacements['hash'] {
  const rule = rules.findIndex((each) => each.as === 'hash')
  if (rule < 0) return () => mask // never asked
  const at = `redaction rule ${rule + 1}, as: hash`
  if (hashKey === undefined)
    throw new RedactionPolicyError(`${at}: the policy needs hashKey, the secret to hash under`)
  if (hashKey.length < HASH_KEY_BYTES_MIN)
    throw new RedactionPolicyError(
      `${at}: hashKey has ${hashKey.length} bytes; at least ${HASH_KEY_BYTES_MIN} are needed`,
    )
  if (sha256 === undefined)
    throw new RedactionPolicyError(`${at}: the policy needs sha256, the hash function`)
  const hmac = hmacSha256(sha256, hashKey)
  return (bytes) => `hmac:${encodeHex(hmac(bytes)).slice(0, HASH_HEX_CHARS)}`
}
