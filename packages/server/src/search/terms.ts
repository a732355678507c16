/**
 * The terms an entry is found by: the words of its texts, a key for each id, and its shape. The punctuation of keys is
 * moved to where Unicode has no characters of its own, so that SQLite's tokenizer, which splits at ASCII characters that
 * are no letters or digits, folds A to Z and takes all else as letters, leaves them whole.
 */
import { canonicalIp, compileField, isAscii, resolveField, textValues, wordsOf } from '@trailproof/core/query'
import { prefixMatch, type TermMatch } from './filter-plan.ts'
import type { IndexedEntry } from './search-index.ts'
import { OTHER_SHAPE } from './shape.ts'

/** Begins a key and a shape; no word does, for words are in lower case. */
const MARK = 'Ā'
/** Characters of a word or a key that stand in the index; what is cut is compared with the record. */
export const WORD_CHARS_MAX = 24
const KEY_CHARS_MAX = 64
/** Hexadecimal digits that tell a trace id or UUID from most others. */
const HEX_CHARS_MAX = 16
/** Those of them that are the first digits of a trace id: by them its beginning is found. */
const TRACE_HEAD_CHARS = 4
/** Characters of text indexed for one entry; words behind them are found by their fields alone. */
export const TEXT_CHARS_MAX = 65_536
const PRIVATE_USE = 0xe000

/** Fields that are found by their whole value or its beginning; their letters are part of the stored index. */
const KEY_LETTERS: Readonly<Record<string, string>> = {
  'actor.id': 'a',
  'targets.id': 't',
  'source.ip': 'i',
  id: 'd',
  trace_id: 'x',
  span_id: 'p',
  request_id: 'r',
  causation_id: 'c',
  session_id: 'e',
  'stream.id': 'm',
  source_id: 'o',
}
const KEY_FIELDS = Object.keys(KEY_LETTERS).map((name) => ({
  name,
  anyValue: compileField(resolveField(name)!),
}))
const LABEL_LETTER = 'l'

/** Keys that free text equals as a whole. */
export const EXACT_KEYS = [
  'id',
  'trace_id',
  'span_id',
  'request_id',
  'causation_id',
  'session_id',
  'stream.id',
  'source_id',
]

/** One key as it is in the index. `exact`: nothing else has the same one. */
export interface KeyTerm {
  readonly term: string
  readonly exact: boolean
}

/** The key of a field, or undefined for a field that has none. `labels.team` has the key of `team=value`. */
export function keyTerm(field: string, value: string): KeyTerm | undefined {
  if (field.startsWith('labels.')) return encodeKey(LABEL_LETTER, labelText(field.slice(7), value))
  const letter = KEY_LETTERS[field]
  if (letter === undefined) return undefined
  // An address is compared by what it means, not by how it is written.
  if (field === 'source.ip') return encodeKey(letter, canonicalIp(value) ?? value)
  return hexKey(letter, value) ?? encodeKey(letter, value)
}

/** What matches keys that begin with `prefix`; undefined where such keys cannot be told. */
export function keyPrefixMatch(field: string, prefix: string): TermMatch | undefined {
  if (prefix === '' || (field === 'source.ip' && !/^\d{1,3}\./.test(prefix))) return undefined
  const label = field.startsWith('labels.')
  const letter = label ? LABEL_LETTER : KEY_LETTERS[field]
  if (letter === undefined) return undefined
  const plain = encodeKey(letter, label ? labelText(field.slice(7), prefix) : prefix).term
  const hex = hexDigits(prefix)
  if (label || hex === '' || !/^[0-9a-f]+$/.test(hex)) return prefixMatch(plain)
  const digits = hex.slice(0, prefix.includes('-') ? HEX_CHARS_MAX : TRACE_HEAD_CHARS)
  return { kind: 'or', parts: [prefixMatch(plain), prefixMatch(MARK + letter + digits)] }
}

export function shapeTerm(shape: number): string {
  return `${MARK}s${shape.toString(36)}`
}

export function cutWord(word: string): string {
  return word.slice(0, WORD_CHARS_MAX)
}

/**
 * Everything that an entry is found by, each once. The same entry always has the same terms: some indexes forget one by
 * being told again what it was.
 */
export function entryTerms(entry: IndexedEntry, shape: number): ReadonlySet<string> {
  const terms = new Set<string>()
  giveTerms(entry, shape, {
    key: (term) => terms.add(term),
    text: (text) => {
      for (const word of wordsOf(text)) terms.add(cutWord(word))
    },
  })
  return terms
}

/** The same as one text for FTS5's ascii tokenizer, which is faster than telling it word by word. */
export function entryText(entry: IndexedEntry, shape: number): string {
  const parts: string[] = []
  giveTerms(entry, shape, {
    key: (term) => parts.push(term),
    text: (text) => parts.push(wordsText(text)),
  })
  return parts.join(' ')
}

interface TermTaker {
  key(term: string): void
  /** Each of its words is a term. */
  text(text: string): void
}

function giveTerms(entry: IndexedEntry, shape: number, to: TermTaker): void {
  to.key(shapeTerm(shape))
  const { core, personal } = entry
  for (const { name, anyValue } of KEY_FIELDS)
    anyValue(entry, (value) => {
      giveKey(to, name, value)
      return false
    })
  if (shape === OTHER_SHAPE) to.text(textValues({ core, personal: undefined, recordedAt: 0 }).join(' '))
  if (!personal) return
  const labels = personal['labels']
  if (typeof labels === 'object' && labels !== null)
    for (const [name, value] of Object.entries(labels)) giveKey(to, `labels.${name}`, value)
  let left = TEXT_CHARS_MAX
  for (const value of textValues({ core: {}, personal, recordedAt: 0 })) {
    const text = value.length > left ? value.slice(0, left) : value
    left -= text.length
    to.text(text)
    if (left <= 0) break
  }
}

/** Names of labels keep their case, as values do not; the first `=` ends the name. */
function labelText(name: string, value: string): string {
  return `${name.replace(/[A-Z=^]/g, '^$&')}=${value}`
}

function giveKey(to: TermTaker, field: string, value: unknown): void {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return
  const text = String(value)
  if (text !== '') to.key(keyTerm(field, text)!.term)
}

const LONG_WORD = new RegExp(`[0-9A-Za-z]{${WORD_CHARS_MAX + 1},}`)
const LONG_WORDS = new RegExp(LONG_WORD.source, 'g')

/** A text whose words, as core's `wordsOf` finds them, are what the tokenizer finds. */
function wordsText(text: string): string {
  if (isAscii(text)) return LONG_WORD.test(text) ? text.replace(LONG_WORDS, cutWord) : text
  return wordsOf(text).map(cutWord).join(' ')
}

/**
 * Some digits of a UUID or trace id; all of them would only take space. UUIDs differ in their first ones. Trace ids
 * do in their last ones: some begin with a time, or with the zeros of an id that was shorter.
 */
function hexKey(letter: string, value: string): KeyTerm | undefined {
  if (value.length < 20) return undefined
  const hex = hexDigits(value)
  if (!/^[0-9a-f]{20,64}$/.test(hex)) return undefined
  const digits = value.includes('-')
    ? hex.slice(0, HEX_CHARS_MAX)
    : hex.slice(0, TRACE_HEAD_CHARS) + hex.slice(TRACE_HEAD_CHARS - HEX_CHARS_MAX)
  return { term: MARK + letter + digits, exact: false }
}

const hexDigits = (value: string): string => value.toLowerCase().replaceAll('-', '')

function encodeKey(letter: string, value: string): KeyTerm {
  const folded = value.toLowerCase()
  const cut = folded.slice(0, KEY_CHARS_MAX)
  // Where a text has such characters itself, two texts may share a key.
  const exact = cut === folded && !/[\uE000-\uE07F]/.test(folded)
  const term = cut.replace(/[\0-/:-`{-\x7f]/g, (char) =>
    String.fromCharCode(PRIVATE_USE + char.charCodeAt(0)),
  )
  return { term: MARK + letter + term, exact }
}
