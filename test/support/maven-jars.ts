/** Jars that a project file names, from Maven Central. */
import { execFileSync } from 'node:child_process'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'

/** Directory with the jars of `test/support/<name>/pom.xml`, fetched once for this working tree. */
export function mavenJars(name: string): string {
  const jars = resolve('node_modules/.cache', name)
  if (existsSync(jars)) return jars
  const fetched = `${jars}.${process.pid}`
  const pom = `test/support/${name}/pom.xml`
  execFileSync(
    'mvn',
    ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', `-DoutputDirectory=${fetched}`],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  try {
    renameSync(fetched, jars)
  } catch {
    rmSync(fetched, { recursive: true, force: true }) // another test was as quick
  }
  return jars
}
