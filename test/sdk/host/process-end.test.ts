/** However a process ends: what was finished is on stdout once, as a whole line; what was open is there as abandoned. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { recorded, scriptedServer } from '../delivery/scripted-server.ts'

const ENTRY = fileURLToPath(new URL('./ending-process.ts', import.meta.url))
const FINISHED = 300
const HANGING = 3

interface Line {
  readonly id: string
  readonly trace_id: string
  readonly kind: string
  readonly action?: string
  readonly outcome: string
  readonly request: { readonly path?: string }
  readonly errors: readonly { readonly code?: string; readonly message: string }[]
  readonly stream: { readonly seq: number }
}

function start(...way: string[]): {
  child: ChildProcess
  ended: Promise<{ code: number | null; lines: string[] }>
} {
  const { TRAILPROOF_URL: _url, ...env } = process.env
  const child = fork(ENTRY, way, {
    execArgv: ['--conditions=trailproof-source'],
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    env,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout!.setEncoding('utf8').on('data', (text: string) => (output += text))
  const ended = Promise.all([once(child, 'exit'), once(child.stdout!, 'close')]).then(([[code]]) => {
    expect(output.endsWith('\n')).toBe(true)
    return { code: code as number | null, lines: output.trimEnd().split('\n') }
  })
  return { child, ended }
}

/** Resolves with the id of the trail, undefined where the connection ends before there is an answer. */
async function get(port: number, path: string): Promise<string | undefined> {
  const request = httpRequest({ port, host: '127.0.0.1', path })
  request.end()
  try {
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    await response.toArray()
    return String(response.headers['x-trace-id'])
  } catch {
    return undefined
  }
}

/** The records on stdout, each once, numbered without a gap. */
function recordsIn(lines: readonly string[]): Line[] {
  const records = lines.map((line) => JSON.parse(line) as Line)
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length)
  expect(records.map(({ stream }) => stream.seq)).toEqual(records.map((_, at) => at + 1))
  return records
}

test.each([
  ['process.exit() in a handler', '/exit', 3],
  ['an exception that nobody catches', '/throws', 1],
  ['process.exit() with an answer on its way', '/answer-and-exit', 3],
  ['SIGTERM, with recorder.close()', 'SIGTERM', 0],
])('%s', async (_, end, expectedCode) => {
  const { child, ended } = start('server')
  const [port] = (await once(child, 'message')) as [number]
  const hanging = Array.from({ length: HANGING }, () => get(port, '/hangs'))
  const finished: (string | undefined)[] = []
  for (let n = 0; n < FINISHED; n += 30)
    finished.push(...(await Promise.all(Array.from({ length: 30 }, () => get(port, '/done')))))
  if (end === 'SIGTERM') child.kill('SIGTERM')
  else await get(port, end)
  const { code, lines } = await ended
  expect(code).toBe(expectedCode)
  expect(await Promise.all(hanging)).toEqual(hanging.map(() => undefined))
  const records = recordsIn(lines)
  const done = records.filter(({ request }) => request.path === '/done')
  expect(done.map(({ trace_id }) => trace_id).toSorted()).toEqual(finished.map(String).toSorted())
  expect(done.every(({ outcome }) => outcome === 'success')).toBe(true)
  const open = records.filter(({ request }) => request.path !== '/done')
  const paths = [...Array.from({ length: HANGING }, () => '/hangs'), ...(end === 'SIGTERM' ? [] : [end])]
  expect(open.map(({ request }) => String(request.path)).toSorted()).toEqual(paths.toSorted())
  for (const { outcome, errors } of open) {
    expect(outcome).toBe('unknown')
    expect(errors.at(-1)).toMatchObject({ code: 'process_ended' })
  }
  if (end === '/throws')
    expect(open.find(({ request }) => request.path === end)?.errors[0]).toMatchObject({ message: 'boom' })
})

test('the natural end of a script', async () => {
  const { child, ended } = start('script')
  child.disconnect()
  const { code, lines } = await ended
  expect(code).toBe(0)
  const ours = lines.filter((line) => line !== 'at work')
  expect(lines.length - ours.length).toBe(20)
  const records = recordsIn(ours)
  expect(records.map(({ action }) => action)).toEqual([
    ...Array.from({ length: 20 }, (_, job) => `job.${job}`),
    'job.open',
  ])
  expect(records.at(-1)).toMatchObject({ outcome: 'unknown', errors: [{ code: 'process_ended' }] })
})

test.each([
  ['gets it', recorded(), 'acknowledged'],
  ['that never comes waits no longer than it would', () => undefined, 'failed'],
])('a script that awaits its receipt %s', async (_, reply, kind) => {
  const { url } = await scriptedServer([reply])
  const { child, ended } = start('receipt', url)
  child.disconnect()
  expect(await ended).toEqual({ code: 0, lines: [kind] })
})
