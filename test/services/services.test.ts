/** `npm run services`, and what of it comes from compose.yaml; no engine runs it here: what an engine would be told is compared. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { createClient } from 'redis'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { COMPOSED } from '../../scripts/composed.ts'

interface Service {
  readonly image: string
  readonly ports: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly healthcheck: { readonly test: readonly string[] }
}

const { services } = parse(readFileSync('compose.yaml', 'utf8')) as { services: Record<string, Service> }

describe('compose.yaml', () => {
  test('has the services whose URLs are told', () => {
    expect(Object.keys(services).toSorted()).toEqual(Object.keys(COMPOSED).toSorted())
  })

  test.each(Object.entries(services))(
    '%s is pinned, says when it is ready, and is reached where its URL says',
    (name, service) => {
      expect(service.image).toMatch(/^[a-z/]+:\d+(?:\.\d+)+$/)
      expect(service.healthcheck.test[0]).toBe('CMD')
      const { port, username, password, pathname } = new URL(COMPOSED[name]!)
      const [[address, outer]] = service.ports.map((mapping) => mapping.split(':')) as [[string, string]]
      expect([address, outer]).toEqual(['127.0.0.1', port])
      const { environment = {} } = service
      if (name === 'postgres')
        expect(environment).toEqual({
          POSTGRES_USER: username,
          POSTGRES_PASSWORD: password,
          POSTGRES_DB: pathname.slice(1),
        })
      if (name === 'kafka')
        expect(environment['KAFKA_ADVERTISED_LISTENERS']).toBe(`PLAINTEXT://127.0.0.1:${port}`)
    },
  )
})

/** The script, and what it says until it waits to be stopped. */
async function started(args: readonly string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(
    process.execPath,
    ['--conditions=trailproof-source', 'scripts/services.ts', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } },
  )
  onTestFinished(() => void child.kill('SIGKILL'))
  const said: string[] = []
  for await (const line of createInterface(child.stdout!)) {
    said.push(line)
    if (line.startsWith('Ctrl-C')) break
  }
  return {
    said: said.join('\n'),
    async stop() {
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      expect(await exited).toEqual([0, null])
    },
  }
}

/** An engine that does nothing but write down what it is told. */
function writingEngine(): { PATH: string; told: () => string[] } {
  const directory = mkdtempSync(join(tmpdir(), 'trailproof-engine-'))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const log = join(directory, 'told')
  writeFileSync(log, '')
  writeFileSync(join(directory, 'docker'), `#!/bin/sh\necho "$@" >> '${log}'\n`)
  chmodSync(join(directory, 'docker'), 0o755)
  return {
    PATH: `${directory}${delimiter}${process.env['PATH'] ?? ''}`,
    told: () => readFileSync(log, 'utf8').trim().split('\n'),
  }
}

describe('npm run services', () => {
  test('what has a URL is used as it is, the rest comes from the engine, and goes with it', async () => {
    const engine = writingEngine()
    const running = await started(['redis', 'kafka'], { PATH: engine.PATH, KAFKA_URL: 'kafka://k1:9092' })
    expect(running.said).toContain(COMPOSED['redis'])
    expect(running.said).toContain('kafka://k1:9092')
    await running.stop()
    expect(engine.told()).toEqual([
      'info',
      'compose version',
      'compose --file compose.yaml up --detach --wait redis',
      'compose --file compose.yaml down --volumes',
    ])
  })

  test('starts processes of this machine where that is asked for', async () => {
    const running = await started(['redis', '--native'], { PATH: writingEngine().PATH })
    const client = await createClient({ url: /redis:\S+/.exec(running.said)![0] }).connect()
    expect(await client.ping()).toBe('PONG')
    client.destroy()
    await running.stop()
  })
})
