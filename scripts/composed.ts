/** The services of compose.yaml: where they are, and whether there is an engine to run them. */
import { execFileSync } from 'node:child_process'

/** As compose.yaml says; test/services compares the two. */
export const COMPOSED: Readonly<Record<string, string>> = {
  postgres: 'postgres://trailproof:trailproof@127.0.0.1:54320/trailproof',
  redis: 'redis://127.0.0.1:63790',
  kafka: 'kafka://127.0.0.1:29092',
}

/** A `docker` without its daemon is none. */
export function engineRuns(): boolean {
  try {
    execFileSync('docker', ['info'], { stdio: 'ignore' })
    execFileSync('docker', ['compose', 'version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Resolves once they answer; disposing of it takes them and what they hold away. */
export function startComposed(names: readonly string[]): Disposable {
  compose('up', '--detach', '--wait', ...names)
  return { [Symbol.dispose]: () => compose('down', '--volumes') }
}

function compose(...args: readonly string[]): void {
  execFileSync('docker', ['compose', '--file', 'compose.yaml', ...args], { stdio: 'inherit' })
}
