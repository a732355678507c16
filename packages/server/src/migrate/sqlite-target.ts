/** Migrations in a directory of SQLite files, one a module. */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { takeExclusiveUse } from '../process/exclusive-use.ts'
import { inTransaction, openFile, openReadOnly } from '../store/sqlite/database.ts'
import type { MigrationModule } from './migration.ts'
import type { Execution, MigrationTarget } from './migration-target.ts'
import type { AppliedMigration, Step } from './plan.ts'
import { executeStep, makeBooks, readApplied, readExecutions } from './sqlite-books.ts'

export class SqliteMigrationTarget implements MigrationTarget {
  readonly place: string

  /** A module `x` lies in `<directory>/x.db`. */
  constructor(directory: string) {
    this.place = directory
  }

  /** Rejects with LOCK_HELD while a server or another starter uses the directory. */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    mkdirSync(this.place, { recursive: true, mode: 0o700 })
    using _ = takeExclusiveUse(this.place)
    return await work()
  }

  async init(module: MigrationModule): Promise<void> {
    this.#write(module, makeBooks)
  }

  async applied(module: MigrationModule): Promise<readonly AppliedMigration[]> {
    return this.#read(module, readApplied) ?? []
  }

  async executions(module: MigrationModule): Promise<readonly Execution[]> {
    return this.#read(module, (db) => readExecutions(db, module.name)) ?? []
  }

  async finds(module: MigrationModule, query: string): Promise<boolean> {
    return this.#read(module, (db) => db.prepare(query).get() !== undefined) ?? false
  }

  async execute(step: Step, executedBy: string): Promise<Execution> {
    return this.#write(step.module, (db) => executeStep(db, step, executedBy))
  }

  async run(module: MigrationModule, statements: string): Promise<void> {
    this.#write(module, (db) => inTransaction(db, () => db.exec(statements)))
  }

  #path({ name }: MigrationModule): string {
    return join(this.place, `${name}.db`)
  }

  #read<T>(module: MigrationModule, work: (db: DatabaseSync) => T): T | undefined {
    if (!existsSync(this.#path(module))) return undefined
    const db = openReadOnly(this.#path(module))
    try {
      return work(db)
    } finally {
      db.close()
    }
  }

  #write<T>(module: MigrationModule, work: (db: DatabaseSync) => T): T {
    const db = openFile(this.#path(module), { durability: 'full' })
    try {
      return work(db)
    } finally {
      db.close()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
