/** Tells from a name alone whether its value is a secret. */

import type { RedactionMode } from './replacement.ts'

/** One word that makes a name secret, wherever it stands. */
const WORDS: ReadonlySet<string> = new Set(
  (
    'password passwords passwd passphrase passcode pwd secret secrets token tokens apikey ' +
    'apikeys authorization cookie cookies setcookie credential credentials creditcard ' +
    'cardnumber cvv cvc pin ssn privatekey secretkey accesskey session sessions sessionid jwt ' +
    'otp totp pw dpop bearer sessid'
  ).split(' '),
)

/** Two words that do so together. */
const PAIRS: ReadonlySet<string> = new Set(
  (
    'api key, api keys, credit card, card number, private key, secret key, access key, ' +
    'signing key, encryption key, pass word, pass phrase, security code, social security, ' +
    'xapi key, functions key, function key, subscription key, account key, master key, shared key, ' +
    'mfa code, fa code, verification code, recovery code, recovery codes, backup code, backup codes, ' +
    'code verifier, client assertion, saml response, connect sid, amz signature, goog signature'
  ).split(', '),
)

/** `pass` and `sig` are secret as last words only: `passThrough` opens nothing. Nor does a pass after one of these. */
const HARMLESS_BEFORE_PASS: ReadonlySet<string> = new Set(
  'boarding ski day season first second single multi render low high band all by hall'.split(' '),
)

/** Endings that make one long word secret, as in `accesstoken`. */
const ENDINGS = [
  'password',
  'passwd',
  'passphrase',
  'secret',
  'token',
  'apikey',
  'creditcard',
  'cardnumber',
  'privatekey',
  'sessid',
  'sessionid',
]

/** A last word that says the value is about a secret, not one. `id` is not among them: a session id is one. */
const HARMLESS_LAST: ReadonlySet<string> = new Set(
  (
    'type types count counts length size at in on expires expiry expired expiration ttl age ' +
    'duration timeout date time timestamp valid invalid validity required policy policies ' +
    'status state enabled disabled format alg algorithm version strength endpoint issuer scope ' +
    'scopes limit usage used attempts changed updated created rotated present provided verified ' +
    'name names method provider'
  ).split(' '),
)

/** `prompt_tokens` counts pieces of text; it opens nothing. */
const COUNTED: ReadonlySet<string> = new Set([
  'prompt',
  'completion',
  'total',
  'input',
  'output',
  'max',
  'cached',
  'reasoning',
])

/** Names remembered at most; beyond that all are forgotten at once. */
const REMEMBERED_MAX = 4_096
/** A longer name is decided anew each time, by its first characters. */
const NAME_CHARS_MAX = 128

export interface SecretNameRules {
  /** More names to mask, in any style. */
  readonly names: readonly string[]
  /** Names not to mask after all, in any style. */
  readonly except: readonly string[]
  /** Whether the built-in words count. */
  readonly defaults: boolean
  /** What stands in place of the values of some names, whatever the above says; by normalised name. */
  readonly modes: ReadonlyMap<string, RedactionMode>
}

/** What stands in place of the value of a name; undefined: the value stays. */
export type ModeOfName = (name: string) => RedactionMode | undefined

/** A function that remembers its answers; the same names come again with every record. */
export function compileSecretNames({ names, except, defaults, modes }: SecretNameRules): ModeOfName {
  const more = new Set(names.map(normalisedName))
  const not = new Set(except.map(normalisedName))
  const remembered = new Map<string, RedactionMode | null>()
  const decide = (name: string): RedactionMode | undefined => {
    const words = wordsOf(name)
    const joined = words.join(' ')
    const mode = modes.get(joined)
    if (mode !== undefined) return mode
    if (not.has(joined)) return undefined
    return more.has(joined) || (defaults && isSecret(words)) ? 'mask' : undefined
  }
  return (name) => {
    const known = remembered.get(name)
    if (known !== undefined) return known ?? undefined
    if (name.length > NAME_CHARS_MAX)
      return decide(name.slice(0, NAME_CHARS_MAX)) ?? decide(name.slice(-NAME_CHARS_MAX))
    const mode = decide(name)
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(name, mode ?? null)
    return mode
  }
}

/** The words of a name in camelCase, snake_case, kebab-case, Header-Case or with dots, in lower case. */
function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z\u0080-\uffff]+/)
    .filter((word) => word !== '')
}

/** The same text for the same name in any style. */
export function normalisedName(name: string): string {
  return wordsOf(name).join(' ')
}

function isSecret(words: readonly string[]): boolean {
  const last = words[words.length - 1]
  if (last === undefined || HARMLESS_LAST.has(last)) return false
  if (last === 'sig' || (last === 'pass' && !HARMLESS_BEFORE_PASS.has(words[words.length - 2] ?? '')))
    return true
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word === 'tokens' && COUNTED.has(words[i - 1] ?? '')) continue
    if (WORDS.has(word) || PAIRS.has(`${word} ${words[i + 1] ?? ''}`)) return true
    if (word.length > 6 && ENDINGS.some((ending) => word.endsWith(ending))) return true
  }
  return false
}
