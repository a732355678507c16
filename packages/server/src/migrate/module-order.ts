/** The order in which modules are brought up: each after those it depends on. */
import { TrailproofError } from '../trailproof-error.ts'
import type { MigrationModule } from './migration.ts'

/** Otherwise in the order given. Rejects with BAD_SETTING: a cycle, by name, or a module that is not there. */
export function inDependencyOrder(modules: readonly MigrationModule[]): MigrationModule[] {
  const byName = new Map<string, MigrationModule>()
  for (const module of modules) {
    if (byName.has(module.name)) throw bad(`there are two modules named ${module.name}`)
    byName.set(module.name, module)
  }
  const ordered = new Set<MigrationModule>()
  const place = (name: string, path: readonly string[]): void => {
    const at = path.indexOf(name)
    if (at >= 0) throw bad(`modules depend on each other: ${[...path.slice(at), name].join(' -> ')}`)
    const module = byName.get(name)
    if (!module) throw bad(`module ${path.at(-1)} depends on ${name}, which is not there`)
    if (ordered.has(module)) return
    for (const dependency of module.dependsOn) place(dependency, [...path, name])
    ordered.add(module)
  }
  for (const { name } of modules) place(name, [])
  return [...ordered]
}

function bad(message: string): TrailproofError {
  return new TrailproofError('BAD_SETTING', message)
}
