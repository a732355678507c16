/** Brings modules up, takes them back and says where they stand, in whatever kind of database. */
import { TrailproofError } from '../trailproof-error.ts'
import { type MigrationModule, migrationKey } from './migration.ts'
import type { Execution, MigrationTarget } from './migration-target.ts'
import { inDependencyOrder } from './module-order.ts'
import {
  type AppliedMigration,
  assertNoProblems,
  newestOf,
  type Problem,
  pendingOf,
  problemsOf,
  type Step,
  toTakeBack,
} from './plan.ts'

export interface MigrateOptions {
  /** Only this module and, going up, what it depends on. Default: all. */
  readonly module?: string
  /** The version to stop at. Default: up to the newest; down: the one before the newest. */
  readonly to?: number
}

/** One migration as `list` shows it. */
export interface ListedMigration {
  readonly module: string
  readonly migration: string
  /** Undefined while it is not applied. */
  readonly appliedAt: string | undefined
  readonly hasDown: boolean
}

export interface ModuleStatus {
  readonly module: string
  readonly version: number
  readonly newest: number
  readonly pending: number
  readonly problems: readonly Problem[]
}

export class Migrator {
  readonly #target: MigrationTarget
  readonly #modules: readonly MigrationModule[]

  /** Rejects with BAD_SETTING when the modules depend on each other in a circle. */
  constructor(target: MigrationTarget, modules: readonly MigrationModule[]) {
    this.#target = target
    this.#modules = inDependencyOrder(modules)
  }

  /** Makes the schemas and their books, and applies nothing. */
  async init(options: MigrateOptions = {}): Promise<void> {
    await this.#target.exclusively(async () => {
      for (const module of this.#chosen(options.module)) await this.#target.init(module)
    })
  }

  /** What `up` would do now, without doing it. */
  async plan(options: MigrateOptions = {}): Promise<Step[]> {
    const steps: Step[] = []
    for (const module of this.#chosen(options.module)) {
      const applied = await this.#target.applied(module)
      assertNoProblems(this.#target.place, module, applied)
      // A bound on versions is meant for the module that was named, not for what it depends on.
      const to = options.module === undefined || options.module === module.name ? options.to : undefined
      for (const migration of pendingOf(module, applied, to))
        steps.push({ module, migration, direction: 'up' })
    }
    return steps
  }

  /** Applies what is pending. One migration is one transaction: those before one that fails stay applied. */
  async up(executedBy: string, options: MigrateOptions = {}): Promise<Execution[]> {
    const chosen = this.#chosen(options.module)
    return await this.#target.exclusively(async () => {
      // Planned within the lock: another starter may just have done the work.
      const steps = await this.plan(options)
      for (const module of chosen) await this.#target.init(module)
      const done = await this.#execute(steps, executedBy)
      for (const module of chosen)
        if (module.afterUp !== undefined && options.to === undefined)
          await this.#target.run(module, module.afterUp)
      return done
    })
  }

  /**
   * Takes migrations of one module back, newest first. Rejects with MIGRATION_REFUSED where that would destroy
   * evidence, where there is no way back, and where another module still needs this one.
   */
  async down(
    executedBy: string,
    options: MigrateOptions & { readonly module: string },
  ): Promise<Execution[]> {
    return await this.#target.exclusively(async () => {
      const module = this.#module(options.module)
      const applied = await this.#target.applied(module)
      assertNoProblems(this.#target.place, module, applied)
      const to = options.to ?? newestOf(applied.filter(({ version }) => version !== newestOf(applied)))
      const migrations = toTakeBack(module, applied, to)
      if (migrations.length === applied.length) await this.#assertNotNeeded(module)
      for (const migration of migrations)
        if (migration.evidence !== undefined && (await this.#target.finds(module, migration.evidence)))
          throw new TrailproofError(
            'MIGRATION_REFUSED',
            `${module.name}: taking ${migrationKey(migration)} back would destroy what was recorded`,
          )
      return this.#execute(
        migrations.map((migration) => ({ module, migration, direction: 'down' as const })),
        executedBy,
      )
    })
  }

  async status(options: MigrateOptions = {}): Promise<ModuleStatus[]> {
    return this.#each(options, (module, applied) => ({
      module: module.name,
      version: newestOf(applied),
      newest: Math.max(0, ...module.migrations.map(({ version }) => version)),
      pending: pendingOf(module, applied).length,
      problems: problemsOf(module, applied),
    }))
  }

  /** Everything the books and the migrations at hand disagree on; empty: valid. */
  async validate(options: MigrateOptions = {}): Promise<Problem[]> {
    return (await this.#each(options, problemsOf)).flat()
  }

  async list(options: MigrateOptions = {}): Promise<ListedMigration[]> {
    const lists = await this.#each(options, (module, applied) =>
      module.migrations.map((migration) => ({
        module: module.name,
        migration: migrationKey(migration),
        appliedAt: applied.find(({ version }) => version === migration.version)?.appliedAt,
        hasDown: migration.down !== undefined,
      })),
    )
    return lists.flat()
  }

  async executions(options: MigrateOptions = {}): Promise<Execution[]> {
    const lists: (readonly Execution[])[] = []
    for (const module of this.#chosen(options.module)) lists.push(await this.#target.executions(module))
    return lists.flat()
  }

  /** Gives a role what the application needs and nothing more. */
  async grant(role: string, options: MigrateOptions = {}): Promise<void> {
    const quoted = `"${role.replaceAll('"', '""')}"`
    for (const module of this.#chosen(options.module))
      if (module.grants !== undefined)
        await this.#target.run(
          module,
          module.grants.replaceAll(':role', () => quoted),
        )
  }

  async #execute(steps: readonly Step[], executedBy: string): Promise<Execution[]> {
    const done: Execution[] = []
    for (const step of steps) done.push(await this.#target.execute(step, executedBy))
    return done
  }

  async #each<T>(
    options: MigrateOptions,
    say: (module: MigrationModule, applied: readonly AppliedMigration[]) => T,
  ): Promise<T[]> {
    const said: T[] = []
    for (const module of this.#chosen(options.module))
      said.push(say(module, await this.#target.applied(module)))
    return said
  }

  async #assertNotNeeded({ name }: MigrationModule): Promise<void> {
    for (const other of this.#modules)
      if (other.dependsOn.includes(name) && (await this.#target.applied(other)).length > 0)
        throw new TrailproofError(
          'MIGRATION_REFUSED',
          `${name}: ${other.name} depends on it; take that back first`,
        )
  }

  #module(name: string): MigrationModule {
    const module = this.#modules.find((one) => one.name === name)
    if (module) return module
    const names = this.#modules.map((one) => one.name).join(', ')
    throw new TrailproofError('BAD_SETTING', `there is no module ${name}; there are: ${names}`)
  }

  /** The named module with all that it depends on, in order; all modules without a name. */
  #chosen(name: string | undefined): readonly MigrationModule[] {
    if (name === undefined) return this.#modules
    const wanted = new Set<string>()
    const want = (module: MigrationModule): void => {
      wanted.add(module.name)
      for (const dependency of module.dependsOn) want(this.#module(dependency))
    }
    want(this.#module(name))
    return this.#modules.filter((module) => wanted.has(module.name))
  }
}
