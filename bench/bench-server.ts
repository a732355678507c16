/** A server process of its own for the figures, on data that lasts for one run. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../test/support/free-port.ts'

export const TOKEN = 'token-of-the-bench-run'

export interface BenchServer {
  readonly port: number
  readonly pid: number
  /** Seconds from the start of the process to its first ready answer. */
  readonly readySeconds: number
  get<T>(path: string): Promise<T>
  rssMib(): number
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

export async function startBenchServer(root: string, flags: readonly string[] = []): Promise<BenchServer> {
  const port = await freePort()
  const started = performance.now()
  const child = spawn(
    process.execPath,
    [
      '--max-semi-space-size=8', // as in the first line of the command
      'packages/cli/dist/main.js',
      'serve',
      '--port',
      String(port),
      '--data',
      join(root, 'data'),
      '--keys',
      join(root, 'keys'),
      '--log-level',
      'warn',
      ...flags,
    ],
    { env: { ...process.env, TRAILPROOF_ADMIN_TOKEN: TOKEN }, stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await untilReady(port, child)
  return {
    port,
    pid: child.pid!,
    readySeconds: (performance.now() - started) / 1000,
    async get<T>(path: string) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return (await response.json()) as T
    },
    rssMib: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) / 1024,
    async stop(signal) {
      child.kill(signal)
      await ended
    },
  }
}

/** Asks until the server says that it takes records; ends when the process does. */
async function untilReady(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const ready = await fetch(`http://127.0.0.1:${port}/readyz`).then(
      ({ ok }) => ok,
      () => false, // not listening yet
    )
    if (ready) return
    await new Promise((resolve) => {
      setTimeout(resolve, 10)
    })
  }
  throw new Error(`the server ended with ${child.exitCode} before it was ready`)
}

export function bytesIn(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
}
