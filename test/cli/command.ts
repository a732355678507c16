/** Runs the real command as a child process, as a shell would. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'

const MAIN = resolve('packages/cli/src/main.ts')
const SOURCE = ['--conditions=trailproof-source', '--disable-warning=FSTDEP023']

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  /** Resolves with the match once the output so far matches; rejects when the command ends before. */
  waitFor(pattern: RegExp): Promise<RegExpExecArray>
  readonly finished: Promise<Finished>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Written to stdin, which is then closed. */
  readonly input?: string
}

/** Starts the command; it is ended with the test if it still runs. */
export function start(args: readonly string[], { env = {}, cwd, input = '' }: RunOptions = {}): Started {
  const child = spawn(process.execPath, [...SOURCE, MAIN, ...args], {
    cwd: cwd ?? temporaryDirectory(),
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const output = { stdout: '', stderr: '' }
  const watchers = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8')
    child[name].on('data', (text: string) => {
      output[name] += text
      for (const watcher of watchers) watcher()
    })
  }
  child.stdin.on('error', () => {}) // a command that ends early does not read its input
  child.stdin.end(input)
  const finished = new Promise<Finished>((resolveWith) => {
    child.on('close', (code) => resolveWith({ code, ...output }))
  })
  return {
    child,
    finished,
    waitFor: (pattern) =>
      new Promise((resolveWith, reject) => {
        const look = (): void => {
          const match = pattern.exec(output.stdout + output.stderr)
          if (!match) return
          watchers.delete(look)
          resolveWith(match)
        }
        watchers.add(look)
        look()
        void finished.then(({ stdout, stderr }) =>
          reject(new Error(`ended before ${String(pattern)} was said:\n${stdout}${stderr}`)),
        )
      }),
  }
}

/** Runs the command to its end. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Finished> {
  return start(args, options).finished
}

/** A directory that is deleted with the test. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'trailproof-cli-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
