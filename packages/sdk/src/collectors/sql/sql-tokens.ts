/** SQL cut into tokens, by one linear scan. It never fails: what it does not know is a mark of one character. */

/** Where the languages differ: quotes, escapes, placeholders. */
export type SqlDialect = 'postgresql' | 'mysql' | 'sqlite'

export interface SqlToken {
  /** `text`: a literal in quotes; `name`: an identifier in quotes; `mark`: an operator or punctuation. */
  readonly kind: 'word' | 'name' | 'text' | 'number' | 'parameter' | 'mark'
  readonly from: number
  /** Behind its last character. */
  readonly to: number
  /** Without quotes; of a literal its first characters. */
  readonly value: string
}

/** As much of a literal is looked at: more is no name of anything. */
const VALUE_CHARS_MAX = 128
const WORD = /[A-Za-z0-9_$\u0080-\uffff]*/y
const NUMBER = /[A-Za-z0-9_.]*/y
const OPERATOR = /[=<>!~]*/y
const DOLLAR_TAG = /\$(?:[A-Za-z_][A-Za-z0-9_]{0,62})?\$/y

export function* sqlTokens(sql: string, dialect: SqlDialect): Generator<SqlToken, void> {
  for (let at = 0; at < sql.length; ) {
    const space = spaceEnd(sql, at, dialect)
    if (space > at) {
      at = space
      continue
    }
    const token = tokenAt(sql, at, dialect)
    yield token
    at = token.to
  }
}

function tokenAt(sql: string, at: number, dialect: SqlDialect): SqlToken {
  const char = sql[at]!
  switch (char) {
    case "'":
      return quoted('text', sql, at, at, dialect === 'mysql')
    case '"':
      return quoted(dialect === 'mysql' ? 'text' : 'name', sql, at, at, dialect === 'mysql')
    case '`':
      return quoted('name', sql, at, at, false)
    case '?':
      return parameter(sql, at, dialect === 'sqlite' ? end(NUMBER, sql, at + 1) : at + 1)
    case '$':
      return dialect === 'postgresql' ? dollar(sql, at) : named(sql, at)
    case '@':
      return named(sql, at)
    case ':':
      if (sql[at + 1] === ':' || sql[at + 1] === '=') return mark(sql, at, at + 2)
      return named(sql, at)
  }
  if (/[A-Za-z_\u0080-\uffff]/.test(char)) return word(sql, at, dialect)
  if (/[0-9]/.test(char)) return { kind: 'number', from: at, to: end(NUMBER, sql, at), value: '' }
  return mark(sql, at, Math.max(at + 1, end(OPERATOR, sql, at)))
}

function word(sql: string, at: number, dialect: SqlDialect): SqlToken {
  const to = end(WORD, sql, at)
  const isPrefix = sql[to] === "'" && to === at + 1 && /[EeNnBbXx]/.test(sql[at]!)
  if (isPrefix) return quoted('text', sql, at, to, dialect === 'mysql' || /[Ee]/.test(sql[at]!))
  return { kind: 'word', from: at, to, value: sql.slice(at, Math.min(to, at + VALUE_CHARS_MAX)) }
}

/** Its quote stands at `open`, and doubled inside for itself. One that is not closed goes to the end. */
function quoted(
  kind: 'text' | 'name',
  sql: string,
  from: number,
  open: number,
  hasEscapes: boolean,
): SqlToken {
  const quote = sql.charCodeAt(open)
  let to = open + 1
  for (; to < sql.length; to++) {
    const code = sql.charCodeAt(to)
    if (code === 0x5c && hasEscapes) to++
    else if (code === quote) {
      if (sql.charCodeAt(to + 1) !== quote) break
      to++
    }
  }
  const value = sql.slice(open + 1, Math.min(to, open + 1 + VALUE_CHARS_MAX))
  return { kind, from, to: Math.min(to + 1, sql.length), value }
}

/** `$1`, `$$text$$`, `$tag$text$tag$`. */
function dollar(sql: string, at: number): SqlToken {
  const tagEnd = end(DOLLAR_TAG, sql, at)
  if (tagEnd === at) return named(sql, at)
  const tag = sql.slice(at, tagEnd)
  const close = sql.indexOf(tag, tagEnd)
  const to = close < 0 ? sql.length : close + tag.length
  return { kind: 'text', from: at, to, value: '' }
}

/** `:name`, `@name`, `$name`, `$1`; the sign alone is a mark. */
function named(sql: string, at: number): SqlToken {
  const to = end(WORD, sql, at + 1)
  return to === at + 1 ? mark(sql, at, to) : parameter(sql, at, to)
}

function parameter(sql: string, from: number, to: number): SqlToken {
  return { kind: 'parameter', from, to, value: sql.slice(from, Math.min(to, from + VALUE_CHARS_MAX)) }
}

function mark(sql: string, from: number, to: number): SqlToken {
  return { kind: 'mark', from, to, value: sql.slice(from, to) }
}

/** Behind the white space or comment that begins at `at`. */
function spaceEnd(sql: string, at: number, dialect: SqlDialect): number {
  const code = sql.charCodeAt(at)
  if (code <= 0x20) return at + 1
  if (sql.startsWith('--', at) || (code === 0x23 && dialect === 'mysql')) return after(sql, '\n', at)
  return sql.startsWith('/*', at) ? after(sql, '*/', at + 2) : at
}

function after(sql: string, what: string, at: number): number {
  const found = sql.indexOf(what, at)
  return found < 0 ? sql.length : found + what.length
}

function end(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(sql) ? pattern.lastIndex : at
}
