/** The automatic mode on applications that know nothing of trails, as processes of their own, by import and by require. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startPostgres } from '../../support/postgres-server.ts'
import { startRedis } from '../../support/redis-server.ts'
import type { View } from '../collectors/recorded-calls.ts'

const FIXTURES = pathToFileURL(`${resolve('test/sdk/register/fixtures')}/`)
const REGISTER = ['--conditions=trailproof-source', '--import', '@trailproof/sdk/register']

/** The lines that a program prints, all of which are JSON. */
async function linesOf(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<readonly View[]> {
  const child = spawn(process.execPath, [...REGISTER, ...args], {
    env: { ...process.env, NODE_OPTIONS: '', TRAILPROOF_SERVICE: 'found', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(0)
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as View)
}

/** Programs that hand their library to a fixture, and find the same one by the other way to load it. */
const PROGRAMS: Readonly<Record<string, (library: string, fixture: string) => readonly string[]>> = {
  import: (library, fixture) => [
    '--input-type=module',
    '--eval',
    `import * as imported from '${library}'
     import { createRequire } from 'node:module'
     const required = createRequire(process.cwd() + '/')('${library}')
     const library = imported.default ?? imported
     if (typeof required === 'function' && (required.default ?? required) !== library) throw new Error('loaded twice')
     await (await import('${new URL(fixture, FIXTURES).href}')).run(library)`,
  ],
  require: (library, fixture) => [
    '--input-type=commonjs',
    '--eval',
    `const library = require('${library}')
     import('${new URL(fixture, FIXTURES).href}').then(({ run }) => run(library.default ?? library))`,
  ],
}

const OK = {
  service: 'found',
  outcome: 'success',
  request: { method: 'GET', path: '/orders/7' },
  response: { status: 200 },
}
const ROUTED = { ...OK, action: 'GET /orders/:id' }
const failed = (path: string): View => ({
  action: `GET ${path}`,
  outcome: 'failure',
  response: { status: 500 },
  errors: [{ message: 'boom' }],
})

describe.each(Object.entries(PROGRAMS))('by %s', (_way, program) => {
  test.each<[library: string, fixture: string, expected: readonly View[]]>([
    ['node:http', 'http.ts', [OK]],
    ['node:https', 'https.ts', [OK]],
    ['node:http2', 'http2.ts', [OK]],
    ['express', 'express.ts', [ROUTED, failed('/throws'), failed('/passes')]],
    ['express-4', 'express.ts', [ROUTED, failed('/throws'), failed('/passes')]],
    ['fastify', 'fastify.ts', [ROUTED, failed('/throws')]],
    ['koa', 'koa.ts', [ROUTED, failed('/throws')]],
    ['hono', 'hono.ts', [ROUTED, ROUTED]],
    ['@nestjs/core', 'nest.ts', [{ ...OK, action: 'GET /orders/:id' }, failed('/throws')]],
    [
      'express',
      'express-with-trails.ts',
      [
        { ...ROUTED, service: 'its-own' },
        { ...failed('/throws'), service: 'its-own' },
      ],
    ],
  ])('%s (%s) is one trail a request', async (library, fixture, expected) => {
    const records = await linesOf(program(library, fixture))
    expect(records).toMatchObject(expected)
    for (const { errors } of records) expect(errors.length).toBeLessThan(2)
  })

  test.each(['grpc.ts', 'grpc-with-trails.ts'])(
    '@grpc/grpc-js (%s): the client calls in its trail, and the server goes on with it',
    async (fixture) => {
      const records = await linesOf(program('@grpc/grpc-js', fixture))
      const job = records.find(({ action }) => action === 'stock.counted')!
      const served = records.filter(({ action }) => action === 'stock.Stock/Get')
      expect(served).toMatchObject([{ trace_id: job['trace_id'] }, { trace_id: job['trace_id'] }])
      expect(job['integrations']).toMatchObject([
        { type: 'grpc', name: 'grpc stock.Stock/Get', response: { code: 'OK', body: { count: 3 } } },
        { type: 'grpc', name: 'grpc stock.Stock/Get' },
      ])
      expect(records).toHaveLength(3)
    },
  )
})

const CLIENTS = ['node:sqlite', 'better-sqlite3', 'ioredis', 'kafkajs', 'pg', 'redis']

test.each([
  [
    'import',
    `${CLIENTS.map((name, i) => `import * as c${i} from '${name}'`).join('\n')}
     const clients = { ${CLIENTS.map((name, i) => `'${name}': c${i}.default ?? c${i}`).join(', ')} }`,
  ],
  ['require', `const clients = { ${CLIENTS.map((name) => `'${name}': require('${name}')`).join(', ')} }`],
])('what the service calls is in the trail, by %s', async (way, load) => {
  await using postgres = await startPostgres()
  await using redis = await startRedis()
  const type = way === 'import' ? 'module' : 'commonjs'
  const fixture = new URL('clients.ts', FIXTURES).href
  const program = `${load}\nimport('${fixture}').then(({ run }) => run(clients))`
  const [record] = await linesOf([`--input-type=${type}`, '--eval', program], {
    POSTGRES_URL: postgres.url,
    REDIS_URL: redis.url,
  })
  const calls = (record!['integrations'] as View[]).filter(
    ({ name }) => !/HELLO|INFO|CLIENT/.test(name as string),
  ) // of connecting
  expect(calls).toMatchObject([
    { name: 'pg SELECT', request: { args: [1] }, response: { rows_affected: 1 } },
    { name: 'redis GET', response: { status: 'miss' } },
    { name: 'redis GET', response: { status: 'miss' } },
    { name: 'sqlite SELECT', request: { query: 'SELECT 1' } },
    { name: 'sqlite SELECT', request: { query: 'SELECT 2' } },
    { name: 'kafka orders', error: { message: expect.any(String) } },
  ])
})

test('a version that is not known is left alone, and said so', async () => {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-register-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  mkdirSync(join(root, 'node_modules/express'), { recursive: true })
  writeFileSync(join(root, 'node_modules/express/package.json'), '{"name":"express","version":"3.21.2"}')
  writeFileSync(join(root, 'node_modules/express/index.js'), 'module.exports = { old: true }')
  const app = join(root, 'app.cjs')
  writeFileSync(
    app,
    `require('node:diagnostics_channel').subscribe('trailproof:diagnostics', (said) => console.log(JSON.stringify(said)))
     if (!require('express').old) process.exit(1)`,
  )
  expect(await linesOf([app])).toEqual([{ kind: 'left_alone', library: 'express', version: '3.21.2' }])
})

test('a setting that cannot be meant ends the process at once', async () => {
  const child = spawn(process.execPath, [...REGISTER, '--eval', ''], {
    env: { ...process.env, TRAILPROOF_CONTEXT_KEY: 'short' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const said = child.stderr.setEncoding('utf8').toArray()
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).not.toBe(0)
  expect((await said).join('')).toContain('contextKey')
})
