/**
 * Which parameters and literals of a statement are values of columns or parameters with secret names. Lists of arguments have no names, so
 * that masking by name cannot see them. In doubt a value is masked: a query too many is unreadable, not one secret too few hidden.
 */
import { type SqlDialect, type SqlToken, sqlTokens } from './sql-tokens.ts'

export interface SqlSecrets {
  /** `SELECT`; empty where there is no statement. */
  readonly verb: string
  /** The first table that it names. */
  readonly table: string | undefined
  /** Where literals are secret: pairs of from and to, in order. */
  readonly literals: readonly (readonly [from: number, to: number])[]
  /** Arguments that are secret, counted from 0. */
  readonly positions: ReadonlySet<number>
  /** The same of those with names, without `:`, `@` or `$`. */
  readonly names: ReadonlySet<string>
}

const VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE'])
const BEFORE_TABLE = new Set(['FROM', 'INTO', 'UPDATE', 'TABLE', 'JOIN'])
const NOT_A_TABLE = new Set(['ONLY', 'IF', 'EXISTS', 'NOT', 'LATERAL', 'IGNORE', 'OR'])
/** What a value is compared with, in words. */
const COMPARES = new Set(['LIKE', 'ILIKE', 'IN', 'IS', 'NOT', 'SIMILAR', 'REGEXP', 'RLIKE', 'BETWEEN', 'TO'])
/** Where the value of a column ends. */
const ENDS = new Set(
  'AND OR WHERE FROM RETURNING ORDER GROUP LIMIT HAVING SET ON THEN ELSE END WHEN VALUES UNION OFFSET FETCH FOR'.split(
    ' ',
  ),
)

export function sqlSecrets(
  sql: string,
  dialect: SqlDialect,
  isSecretName: (name: string) => boolean,
): SqlSecrets {
  const reading = new SqlReading(isSecretName)
  for (const token of sqlTokens(sql, dialect)) reading.read(token)
  return reading
}

/** What is known of an INSERT on the way to its values. */
interface Insert {
  readonly depth: number
  stage: 'table' | 'columns' | 'source' | 'values' | 'anything'
  readonly columns: boolean[]
  /** Which value of the row is read. */
  item: number
}

class SqlReading implements SqlSecrets {
  verb = ''
  table: string | undefined
  readonly literals: (readonly [number, number])[] = []
  readonly positions = new Set<number>()
  readonly names = new Set<string>()
  readonly #isSecretName: (name: string) => boolean
  readonly #numbers = new Map<string, number>()
  /** Whether a secret name stood in the parentheses that are open, from outside to inside. */
  readonly #groups: boolean[] = [false]
  #parameters = 0
  #before: SqlToken | undefined
  #beforeTable = false
  #tableDepth = Number.POSITIVE_INFINITY
  #tableTo = -1
  #insert: Insert | undefined
  /** Values are secret as long as this many parentheses are open. */
  #secretDepth: number | undefined
  /** A secret name, or what ends with one, has just been read. */
  #named = false
  /** Every literal that follows is one: `IDENTIFIED BY`. */
  #identified = false
  #value: SqlToken | undefined

  constructor(isSecretName: (name: string) => boolean) {
    this.#isSecretName = isSecretName
  }

  read(token: SqlToken): void {
    switch (token.kind) {
      case 'word':
        this.#word(token, token.value.toUpperCase())
        break
      case 'name':
        this.#name(token)
        break
      case 'mark':
        this.#mark(token.value)
        break
      default:
        this.#literalOrParameter(token)
    }
    this.#before = token
  }

  get #depth(): number {
    return this.#groups.length - 1
  }

  #word(token: SqlToken, word: string): void {
    if (this.verb === '' || (this.verb === 'WITH' && this.#depth === 0 && VERBS.has(word))) this.verb = word
    if (word === 'IDENTIFIED') this.#identified = true
    if (this.#named && COMPARES.has(word)) {
      this.#secretDepth ??= this.#depth
      return
    }
    if (ENDS.has(word)) this.#endValue(this.#depth)
    if (this.#insertWord(word)) return
    if (BEFORE_TABLE.has(word)) this.#beforeTable = true
    else if (!(this.#beforeTable && NOT_A_TABLE.has(word))) this.#name(token)
  }

  /** Whether it belongs to the INSERT itself. */
  #insertWord(word: string): boolean {
    if (word === 'INTO') this.#insert = { depth: this.#depth, stage: 'table', columns: [], item: 0 }
    const insert = this.#insert
    if (insert === undefined || this.#depth !== insert.depth) return false
    if (insert.stage === 'source' && insert.columns.includes(true)) {
      if (word === 'VALUES' || word === 'VALUE') insert.stage = 'values'
      else if (word === 'SELECT' || word === 'WITH' || word === 'TABLE') {
        insert.stage = 'anything'
        this.#secretDepth = this.#depth
      }
      return true
    }
    if (word !== 'ON' && word !== 'RETURNING' && word !== 'SET') return insert.stage === 'anything'
    this.#insert = undefined
    this.#secretDepth = undefined
    return false
  }

  /** An identifier: the table, a column of an INSERT, or something that a value may be compared with. */
  #name(token: SqlToken): void {
    this.#nameTable(token)
    const isSecret = this.#isSecretName(token.value)
    const insert = this.#insert
    if (insert?.stage === 'columns' && this.#depth === insert.depth + 1)
      insert.columns[insert.item] = (insert.columns[insert.item] ?? false) || isSecret
    this.#named = isSecret
    if (!isSecret) return
    this.#groups[this.#depth] = true
    // `$1 = password`, `$1 AS password`
    const before = this.#before
    const isAfterValue =
      before?.kind === 'mark' ? isComparison(before.value) : before?.value.toUpperCase() === 'AS'
    if (isAfterValue && this.#value !== undefined) this.#hide(this.#value)
  }

  /** Outside of parentheses rather than inside: `extract(epoch FROM created_at)` names none. */
  #nameTable(token: SqlToken): void {
    const isNext = this.#before?.value === '.' && this.#before.from === this.#tableTo // behind its schema
    if (this.#beforeTable ? this.#depth < this.#tableDepth : isNext) {
      this.table = token.value
      this.#tableTo = token.to
      if (this.#beforeTable) this.#tableDepth = this.#depth
    }
    this.#beforeTable = false
  }

  #mark(mark: string): void {
    const wasNamed = this.#named
    this.#named = false
    switch (mark) {
      case '(':
        this.#open()
        return
      case ')':
        this.#named = this.#close()
        return
      case ',':
        this.#endValue(this.#depth)
        this.#nextItem()
        if (wasNamed && this.#before?.kind === 'text') this.#secretDepth ??= this.#depth // `'password', $1`
        return
      case ';':
        this.#endStatement()
        return
    }
    if (wasNamed && isComparison(mark)) this.#secretDepth ??= this.#depth
  }

  #open(): void {
    this.#groups.push(false)
    this.#beforeTable = false
    this.#value = undefined
    const insert = this.#insert
    if (insert === undefined || this.#depth !== insert.depth + 1) return
    insert.item = 0
    if (insert.stage === 'table') insert.stage = 'columns'
    else if (insert.stage === 'values') this.#startItem(insert)
  }

  /** Whether a secret name stood in the group that ends: `(a, password) = ($1, $2)`. */
  #close(): boolean {
    this.#endValue(this.#depth)
    const insert = this.#insert
    if (insert?.stage === 'columns' && this.#depth === insert.depth + 1) insert.stage = 'source'
    if (this.#depth === 0) return false
    return this.#groups.pop() === true
  }

  #nextItem(): void {
    const insert = this.#insert
    if (insert === undefined || this.#depth !== insert.depth + 1) return
    insert.item++
    if (insert.stage === 'values') this.#startItem(insert)
  }

  #startItem(insert: Insert): void {
    if (insert.columns[insert.item] === true) this.#secretDepth = this.#depth
  }

  #endValue(depth: number): void {
    this.#named = false
    this.#value = undefined
    if (this.#insert?.stage === 'anything') return
    if (this.#secretDepth !== undefined && this.#secretDepth >= depth) this.#secretDepth = undefined
  }

  #endStatement(): void {
    this.#insert = undefined
    this.#secretDepth = undefined
    this.#identified = false
    this.#value = undefined
    this.#groups.splice(0, Number.POSITIVE_INFINITY, false)
  }

  #literalOrParameter(token: SqlToken): void {
    const isName = token.kind === 'text' && this.#isSecretName(token.value)
    const key = token.kind === 'parameter' ? token.value.slice(1) : ''
    if (token.kind === 'parameter') this.#count(token)
    const isSecret =
      this.#secretDepth !== undefined ||
      this.#named || // `PASSWORD 'x'`
      (this.#identified && token.kind === 'text') ||
      (key !== '' && this.#isSecretName(key))
    if (isSecret) this.#hide(token)
    this.#value = token
    // `data->>'password' = $1`, `jsonb_build_object('password', $1)`
    this.#named = isName && !isSecret
  }

  /** `?` counts; `$1` and `?1` say it; names are counted where they first stand. */
  #count({ value }: SqlToken): void {
    const said = /^[$?](\d{1,6})$/.exec(value)
    if (said !== null) this.#numbers.set(value, Number(said[1]) - 1)
    else if (value === '?') this.#numbers.set(value, this.#parameters++)
    else if (!this.#numbers.has(value)) this.#numbers.set(value, this.#parameters++)
  }

  #hide(token: SqlToken): void {
    if (token.kind !== 'parameter') {
      const last = this.literals.at(-1)
      if (last === undefined || last[1] <= token.from) this.literals.push([token.from, token.to])
      return
    }
    const number = this.#numbers.get(token.value)
    if (number !== undefined) this.positions.add(number)
    this.names.add(token.value.slice(1))
  }
}

function isComparison(mark: string): boolean {
  return mark === ':=' || /^[=<>!~]+$/.test(mark)
}
