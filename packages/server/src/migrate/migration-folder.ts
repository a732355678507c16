/** Migrations of a user's own services: a folder a service, SQL files in it, and what depends on what. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { TrailproofError } from '../trailproof-error.ts'
import type { Migration, MigrationModule } from './migration.ts'

const FILE = /^(\d{4,9})_([A-Za-z0-9][A-Za-z0-9_-]*)\.(up|down)\.sql$/
/** Becomes part of a schema's name, or of a file's. */
const SERVICE = /^[a-z][a-z0-9_]{0,39}$/
/** The first line of a down file may say when it is refused: `-- refused-when: SELECT 1 FROM invoice LIMIT 1`. */
const EVIDENCE = /^\s*--\s*refused-when:\s*(\S.*?)\s*;?\s*$/m
const DEPENDENCIES = 'dependencies.json'
const dependenciesSchema = Type.Object(
  { dependsOn: Type.Array(Type.String()) },
  { additionalProperties: false },
)

/**
 * Reads `<folder>/<service>/NNNN_name.up.sql`, `…down.sql` (optional) and `dependencies.json` (optional:
 * `{"dependsOn": ["other"]}`). Rejects with BAD_SETTING, naming the file, what it does not understand.
 */
export function readMigrationFolder(folder: string): MigrationModule[] {
  if (!existsSync(folder)) throw bad(`${folder} is not there`)
  const services = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .toSorted()
  if (services.length === 0) throw bad(`${folder} has no folder of a service in it`)
  return services.map((name) => readService(folder, name))
}

function readService(folder: string, name: string): MigrationModule {
  const path = join(folder, name)
  if (!SERVICE.test(name)) throw bad(`${path}: a service is named with up to 40 of a-z, 0-9 and _`)
  const parts = new Map<number, { name: string; up?: string; down?: string }>()
  for (const file of readdirSync(path).toSorted()) {
    if (file === DEPENDENCIES || !file.endsWith('.sql')) continue
    const [, digits, title, direction] = FILE.exec(file) ?? []
    if (digits === undefined || title === undefined || direction === undefined)
      throw bad(`${join(path, file)}: a migration is named NNNN_name.up.sql or NNNN_name.down.sql`)
    const version = Number(digits)
    const part = parts.get(version) ?? { name: title }
    if (version === 0 || part.name !== title)
      throw bad(`${join(path, file)}: version ${digits} is taken by ${part.name}, or is 0`)
    parts.set(version, { ...part, [direction]: readFileSync(join(path, file), 'utf8') })
  }
  return {
    name,
    dependsOn: readDependencies(join(path, DEPENDENCIES)),
    migrations: [...parts]
      .toSorted(([a], [b]) => a - b)
      .map(([version, part]) => migrationOf(path, version, part)),
  }
}

function migrationOf(
  path: string,
  version: number,
  { name, up, down }: { name: string; up?: string; down?: string },
): Migration {
  if (up === undefined) throw bad(`${path}: version ${version} (${name}) has no file that goes up`)
  if (down === undefined) return { version, name, up }
  const [, evidence] = EVIDENCE.exec(down) ?? []
  return evidence === undefined ? { version, name, up, down } : { version, name, up, down, evidence }
}

function readDependencies(path: string): readonly string[] {
  if (!existsSync(path)) return []
  let value: unknown
  try {
    value = JSON.parse(readFileSync(path, 'utf8'))
  } catch (cause) {
    throw bad(`${path}: ${(cause as Error).message}`)
  }
  if (!Value.Check(dependenciesSchema, value)) throw bad(`${path}: is {"dependsOn": ["service", …]}`)
  return value.dependsOn
}

function bad(message: string): TrailproofError {
  return new TrailproofError('BAD_SETTING', message)
}
