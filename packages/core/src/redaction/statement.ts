/** Tells a sentence about a secret (`token: expired`) from the secret itself. */

/** First words of what is said about a secret. No secret is one of them. */
const FIRST_WORDS: ReadonlySet<string> = new Set(
  (
    'absent accepted added allowed already an any are bad be blank blocked can cannot changed ' +
    'confirmed contains could created deleted denied did disabled does empty enabled enter error ' +
    'expected expires expired expiry fail failed failure false fine for found generated given has ' +
    'have incorrect in invalid is it jwt length locked malformed may maximum minimum mismatch missing ' +
    'must need needs never nil no none not null object of ok okay on only optional or passed please ' +
    'present provided received refreshed refused rejected removed required reset revoked rotated ' +
    'saved sent set shall should signature still stored stale string that the this to too try ' +
    'undefined unknown unset unsupported updated use used valid value verified was were will with ' +
    'wrong yes you your true'
  ).split(' '),
)

/** Secrets that people choose; they may be words. All others are made by machines, and are none. */
const CHOSEN = /pass|pwd|pw$|pin|secret|credential|cvv|cvc|ssn|otp|card/i

/** A longer run of letters is not taken for a word. */
const WORD_CHARS_MAX = 19

/** Nobody says so much about a secret. */
const STATEMENT_CHARS_MAX = 256

/** `value`: what stands after the colon, up to the end of the line or of the value. */
export function isStatement(name: string, value: string): boolean {
  return beginsStatement(value) || (value.includes(' ') && saysNothing(name, value))
}

export function beginsStatement(value: string): boolean {
  const first = /^[A-Za-z]+(?=['\u2019]|[.,;:!?]?(?:\s|$))/.exec(value.slice(0, WORD_CHARS_MAX + 2))
  return first !== null && FIRST_WORDS.has(first[0].toLowerCase())
}

/** Whether nothing in `value` looks as a machine makes secrets, where the name is of one that machines make. */
export function saysNothing(name: string, value: string): boolean {
  if (value.length > STATEMENT_CHARS_MAX || CHOSEN.test(name)) return false
  for (const word of value.split(' ')) if (!isWord(word)) return false
  return true
}

function isWord(word: string): boolean {
  return word.length <= WORD_CHARS_MAX && /^\(?(?:[A-Za-z]?[a-z]*|[A-Z]+)[.,;:!?)]*$/.test(word)
}
