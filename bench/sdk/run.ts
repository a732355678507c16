/**
 * What recording costs a service, side by side: no recording, Trailproof to stdout and to a server, pino's request logging,
 * OpenTelemetry's http and fastify instrumentations, evlog. Same application, same load, in turn, several rounds.
 *
 *     npm run bench:sdk                  about four minutes
 *     npm run bench:sdk -- --rounds 1
 *
 * Stdout of the service goes to /dev/null. What is told is the median of the rounds: requests a second, and the processor time of the
 * service for one request, which the load generator beside it disturbs less.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '../../test/support/free-port.ts'
import { startBenchServer, TOKEN } from '../bench-server.ts'
import { runLoad } from '../http-load.ts'

const FRAMEWORKS = ['fastify', 'express'] as const
const RECORDINGS = [
  'none',
  'trailproof-stdout',
  'trailproof-server',
  'pino',
  'opentelemetry',
  'evlog',
] as const
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, requests: { type: 'string', default: '60000' } },
})
const requests = Number(values.requests)
const BODY = JSON.stringify({
  items: [
    { sku: 'a-100', quantity: 2 },
    { sku: 'b-200', quantity: 1 },
  ],
  note: 'please ring twice',
  card: { holder: 'A. Lovelace', token: 'tok_123456789' },
})
const REQUEST = Buffer.from(
  `POST /orders/c-1?coupon=spring HTTP/1.1\r\nhost: localhost:3000\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\naccept: application/json\r\naccept-encoding: gzip\r\nauthorization: Bearer abcdef123456\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`,
)

interface Round {
  readonly perSecond: number
  readonly cpuMicros: number
}

const root = mkdtempSync(join(tmpdir(), 'trailproof-bench-sdk-'))
const server = await startBenchServer(root)
const rounds = new Map<string, Round[]>()
try {
  for (let round = 0; round < Number(values.rounds); round++)
    for (const framework of FRAMEWORKS)
      for (const recording of RECORDINGS) {
        const key = `${framework} ${recording}`
        rounds.set(key, [...(rounds.get(key) ?? []), await measure(framework, recording)])
      }
} finally {
  await server.stop('SIGTERM')
  rmSync(root, { recursive: true })
}
for (const framework of FRAMEWORKS) print(framework)

async function measure(framework: string, recording: string): Promise<Round> {
  const port = await freePort()
  const child = spawn(process.execPath, ['bench/sdk/service-app.ts', framework, recording, String(port)], {
    env: {
      ...process.env,
      BENCH_SERVER: `http://127.0.0.1:${server.port}`,
      BENCH_TOKEN: TOKEN,
      NODE_ENV: 'production',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const exited = once(child, 'exit')
  try {
    await untilListening(port, child)
    // The first requests compile what the others run.
    await load(port)
    const before = cpuMicrosOf(child)
    const { seconds } = await load(port)
    return { perSecond: requests / seconds, cpuMicros: (cpuMicrosOf(child) - before) / requests }
  } finally {
    child.kill('SIGKILL')
    await exited
  }
}

async function load(port: number) {
  const result = await runLoad({
    port,
    connections: 64,
    requests: Array.from({ length: requests }, () => REQUEST),
  })
  if (result.statuses.get(201) !== requests)
    throw new Error(`not all answered 201: ${JSON.stringify([...result.statuses])}`)
  return result
}

/** User and system time of the process: fields 14 and 15 of /proc/<pid>/stat, in hundredths of a second. */
function cpuMicrosOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

async function untilListening(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
    })
    socket.destroy()
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('the service ended')
}

function print(framework: string): void {
  const bare = medianOf(framework, 'none')
  console.log(`\n${framework}: 3 steps, 2 calls, JSON both ways, 64 connections`)
  console.log(
    `  ${'recording'.padEnd(20)} ${'requests/s'.padStart(10)} ${'of bare'.padStart(8)} ${'cpu µs'.padStart(8)} ${'added µs'.padStart(9)}`,
  )
  for (const recording of RECORDINGS) {
    const { perSecond, cpuMicros } = medianOf(framework, recording)
    const added = cpuMicros - bare.cpuMicros
    console.log(
      `  ${recording.padEnd(20)} ${Math.round(perSecond).toLocaleString('en').padStart(10)} ${`${Math.round((perSecond / bare.perSecond) * 100)} %`.padStart(8)} ${cpuMicros.toFixed(1).padStart(8)} ${added.toFixed(1).padStart(9)}`,
    )
  }
  const stdout = medianOf(framework, 'trailproof-stdout')
  const cost = stdout.cpuMicros - bare.cpuMicros
  console.log(`  budget: a request costs at most 20 µs: ${cost.toFixed(1)} ${cost <= 20 ? 'met' : 'MISSED'}`)
  if (framework !== 'fastify') return
  const kept = stdout.perSecond / bare.perSecond
  console.log(
    `  budget: at least 85 % of bare: ${Math.round(kept * 100)} % ${kept >= 0.85 ? 'met' : 'MISSED'}`,
  )
  const pino = medianOf(framework, 'pino')
  const otel = medianOf(framework, 'opentelemetry')
  console.log(
    `  budget: ahead of pino: ${(stdout.perSecond / pino.perSecond).toFixed(2)} times ${stdout.perSecond > pino.perSecond ? 'met' : 'MISSED'}`,
  )
  console.log(
    `  budget: twice OpenTelemetry: ${(stdout.perSecond / otel.perSecond).toFixed(2)} times ${stdout.perSecond >= 2 * otel.perSecond ? 'met' : 'MISSED'}`,
  )
}

function medianOf(framework: string, recording: string): Round {
  const measured = rounds.get(`${framework} ${recording}`)!
  return {
    perSecond: middle(measured.map(({ perSecond }) => perSecond)),
    cpuMicros: middle(measured.map(({ cpuMicros }) => cpuMicros)),
  }
}

function middle(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[figures.length >> 1]!
}
