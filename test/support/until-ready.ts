/** Waiting for a server process of a test. */
import type { ChildProcess } from 'node:child_process'

const START_MS_MAX = 60_000
const POLL_MS = 50

/** Asks `isReady` again and again; ends the process and throws when it is not ready in time, or has ended. */
export async function untilReady(
  name: string,
  child: ChildProcess,
  isReady: () => Promise<boolean>,
): Promise<void> {
  let failure: Error | undefined
  child.once('error', (error) => (failure = error)) // it is not installed: `.ci/run` says how
  for (const until = Date.now() + START_MS_MAX; Date.now() < until; ) {
    if (failure !== undefined || child.exitCode !== null || child.signalCode !== null) break
    if (await isReady()) return
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  child.kill('SIGKILL')
  throw failure ?? new Error(`${name} is not ready (exit code ${child.exitCode})`)
}
