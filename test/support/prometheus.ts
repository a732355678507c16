/** A Prometheus of its own for a test: real, on a free port, its data in a temporary directory, ended with the test. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { stringify } from 'yaml'
import { freePort } from './free-port.ts'

export interface Prometheus {
  readonly url: string
  /** The `data` of an answer of its API; throws what Prometheus says when it refuses. */
  get<T>(path: string, parameters?: Readonly<Record<string, string>>): Promise<T>
}

const START_MS = 20_000

/** Scrapes the server at `target` twice a second as job `trailproof`, with rules from `ruleFiles`. */
export async function startPrometheus(
  target: string,
  ruleFiles: readonly string[] = [],
): Promise<Prometheus> {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-prometheus-'))
  const config = join(root, 'prometheus.yml')
  writeFileSync(
    config,
    stringify({
      global: { scrape_interval: '500ms', scrape_timeout: '400ms', evaluation_interval: '1s' },
      rule_files: ruleFiles,
      scrape_configs: [{ job_name: 'trailproof', static_configs: [{ targets: [new URL(target).host] }] }],
    }),
  )
  const port = await freePort()
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(root, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const ended = new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve) // it is not installed: `.ci/run` says how
    child.once('exit', () => resolve(undefined))
  })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(root, { recursive: true, force: true })
  })
  const url = `http://127.0.0.1:${port}`
  const failed = await Promise.race([ended, untilReady(url, child)])
  if (failed) throw failed
  return {
    url,
    async get<T>(path: string, parameters: Readonly<Record<string, string>> = {}) {
      const response = await fetch(`${url}${path}?${new URLSearchParams(parameters).toString()}`)
      const answer = (await response.json()) as { status: string; data: T; error?: string }
      if (answer.status !== 'success') throw new Error(`${JSON.stringify(parameters)}: ${answer.error}`)
      return answer.data
    },
  }
}

async function untilReady(url: string, child: ChildProcess): Promise<undefined> {
  for (const until = Date.now() + START_MS; Date.now() < until && child.exitCode === null; ) {
    const isReady = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false, // not listening yet
    )
    if (isReady) return
    await new Promise((resolve) => {
      setTimeout(resolve, 50)
    })
  }
  throw new Error(`Prometheus is not ready (exit code ${child.exitCode})`)
}
