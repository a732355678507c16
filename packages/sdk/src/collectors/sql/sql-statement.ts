/** A statement as it is recorded: what people call it, its text and its arguments without the secrets in them. */
import type { ResolvedOptions } from '../../recorder/options.ts'
import { type SqlSecrets, sqlSecrets } from './sql-secrets.ts'
import type { SqlDialect } from './sql-tokens.ts'

/** What is read of a longer one; the record keeps less of it. */
const SQL_CHARS_MAX = 262_144
/** Statements come again: as many short ones are remembered, and all forgotten at once beyond that. */
const REMEMBERED_MAX = 1_000
const REMEMBERED_CHARS_MAX = 4_096

const ARGS_LEFT_OUT = '[left out: the statement is too long to tell which are secret]'

export class SqlStatement {
  /** The text, with secret literals masked. */
  readonly query: string
  readonly verb: string
  readonly table: string | undefined
  readonly #secrets: SqlSecrets
  readonly #mask: string
  readonly #isWhole: boolean

  static of(sql: string, dialect: SqlDialect, options: ResolvedOptions): SqlStatement {
    if (sql.length > REMEMBERED_CHARS_MAX) return new SqlStatement(sql, dialect, options)
    const statements = statementsOf(options)
    const key = `${dialect} ${sql}`
    const known = statements.get(key)
    if (known !== undefined) return known
    const statement = new SqlStatement(sql, dialect, options)
    if (statements.size >= REMEMBERED_MAX) statements.clear()
    statements.set(key, statement)
    return statement
  }

  private constructor(sql: string, dialect: SqlDialect, { redaction, mask }: ResolvedOptions) {
    this.#isWhole = sql.length <= SQL_CHARS_MAX
    const text = this.#isWhole ? sql : sql.slice(0, SQL_CHARS_MAX)
    this.#secrets = sqlSecrets(text, dialect, redaction?.isSecretName ?? (() => false))
    this.#mask = mask
    this.query = masked(text, this.#secrets.literals, mask)
    this.verb = this.#secrets.verb
    this.table = this.#secrets.table
  }

  /** `SELECT users` */
  get name(): string {
    return this.table === undefined ? this.verb : `${this.verb} ${this.table}`
  }

  /** A copy of a list without its secrets. */
  argsOf(args: readonly unknown[]): unknown {
    if (!this.#isWhole) return ARGS_LEFT_OUT
    const { positions } = this.#secrets
    if (positions.size === 0) return args
    return Array.from(args, (arg, at) => (positions.has(at) && arg !== null ? this.#mask : arg))
  }

  /** A copy of arguments with names; what is secret by its own name is masked with the rest of the record. */
  namedArgsOf(args: Readonly<Record<string, unknown>>): unknown {
    if (!this.#isWhole) return ARGS_LEFT_OUT
    const { names } = this.#secrets
    if (names.size === 0) return args
    const copy = { ...args }
    for (const name of Object.keys(copy)) if (names.has(name.replace(/^[$:@]/, ''))) copy[name] = this.#mask
    return copy
  }
}

/** Options are resolved once for each recorder. */
const remembered = new WeakMap<ResolvedOptions, Map<string, SqlStatement>>()

function statementsOf(options: ResolvedOptions): Map<string, SqlStatement> {
  let statements = remembered.get(options)
  if (statements === undefined) remembered.set(options, (statements = new Map<string, SqlStatement>()))
  return statements
}

function masked(text: string, literals: SqlSecrets['literals'], mask: string): string {
  if (literals.length === 0) return text
  let out = ''
  let copied = 0
  for (const [from, to] of literals.toSorted(([a], [b]) => a - b)) {
    if (from < copied) continue
    out += text.slice(copied, from) + mask
    copied = to
  }
  return out + text.slice(copied)
}
