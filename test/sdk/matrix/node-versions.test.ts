/** What is published runs on the other versions of Node: the first and the last that the SDK supports. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { buildSdk, NO_OTHER_NODE, OTHER_NODES, otherNode } from '../../support/other-node.ts'
import { serverHome } from '../../support/server-home.ts'
import { startServerProcess } from '../../support/server-process.ts'
import { openStoredLedger } from '../../support/stored-ledger.ts'
import { ADMIN_TOKEN, testServer } from '../../support/test-server.ts'

const execute = promisify(execFile)
const SMOKE = fileURLToPath(new URL('./smoke.js', import.meta.url))
const INSTALL_MS_MAX = 600_000

describe.each(OTHER_NODES)('Node %s', (version) => {
  beforeEach(({ skip }) => {
    if (NO_OTHER_NODE !== undefined) skip(NO_OTHER_NODE)
  })

  let node: string
  beforeAll(async () => {
    if (NO_OTHER_NODE !== undefined) return
    node = await otherNode(version)
    await buildSdk()
  }, INSTALL_MS_MAX)

  /** The lines of a part's output. */
  async function run(part: string, ...args: string[]): Promise<string[]> {
    const { TRAILPROOF_URL: _, ...env } = process.env
    const { stdout, stderr } = await execute(node, [SMOKE, part, ...args], { env, maxBuffer: 2 ** 26 })
    expect(stderr).toBe('')
    return stdout.trimEnd().split('\n')
  }

  async function answerOf(part: string, ...args: string[]): Promise<unknown> {
    const lines = await run(part, ...args)
    return JSON.parse(lines.at(-1)!) as unknown
  }

  test('imports every export of the package', async () => {
    const answer = (await answerOf('imports')) as {
      node: string
      importMs: number
      names: Record<string, number>
    }
    console.info(`Node ${version} imports @trailproof/sdk in ${answer.importMs} ms`)
    expect(answer.node).toBe(`v${version}`)
    expect(Object.keys(answer.names).length).toBeGreaterThan(10)
    // The automatic mode has no names: importing it is all.
    for (const [path, names] of Object.entries(answer.names))
      if (path !== './register') expect(names, path).toBeGreaterThan(0)
  })

  test('serves requests whose trails are lines on stdout', async () => {
    const lines = await run('http')
    const { ids } = JSON.parse(lines.pop()!) as { ids: string[] }
    const records = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    const trails = records.filter(({ kind }) => kind === 'trail')
    expect(trails.map(({ trace_id }) => trace_id)).toEqual(ids)
    expect(trails[0]).toMatchObject({
      outcome: 'success',
      internal_steps: [{ name: 'answer' }],
      request: { method: 'POST', body: { n: 0, password: '***' } },
    })
    expect(records.filter(({ kind }) => kind === 'log')).toHaveLength(ids.length)
  })

  test('keeps the trail over timers, promises and events', async () => {
    const kept = (await answerOf('context')) as Record<string, boolean>
    expect(Object.keys(kept).length).toBeGreaterThan(8)
    expect(Object.entries(kept).filter(([, isKept]) => !isKept)).toEqual([])
  })

  test('makes ids as everywhere, in their order', async () => {
    const made = (await answerOf('ids')) as {
      id: string
      trace_id: string
      span_id: string
      request_id: string
    }[]
    expect(made).toHaveLength(2_000)
    const ids = made.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(ids.toSorted())
    for (const { id, trace_id, span_id } of made) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      expect(trace_id).toMatch(/^[0-9a-f]{32}$/)
      expect(span_id).toMatch(/^[0-9a-f]{16}$/)
    }
  })

  test('has what it was sure of in the ledger after it was killed', async () => {
    const home = serverHome()
    const directory = join(home.root, 'spool')
    const writer = spawn(node, [SMOKE, 'spool-write', directory], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void writer.kill('SIGKILL'))
    const safe: string[] = []
    const lines = createInterface(writer.stdout)
    lines.on('line', (id) => {
      if (safe.push(id) === 200) writer.kill('SIGKILL')
    })
    await Promise.all([once(writer, 'exit'), once(lines, 'close')])
    const ledgerServer = await startServerProcess(home)
    onTestFinished(async () => void (await ledgerServer.end('SIGKILL')))
    const sent = await answerOf('spool-send', directory, ledgerServer.url, ADMIN_TOKEN)
    expect(sent).toMatchObject({ dropped: { spool_damaged: 0, refused: 0 } })
    await ledgerServer.end('SIGTERM')
    await using ledger = await openStoredLedger(home)
    const ids = (await ledger.entries()).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(safe.filter((id) => !ids.includes(id))).toEqual([])
  })

  test('has a receipt from a server for each record, whatever the compression', async () => {
    const { url } = await testServer()
    const outcomes = await answerOf('server', url, ADMIN_TOKEN)
    expect(outcomes).toEqual(
      [2, 4, 6].map((size) => ({ trail: 'recorded', event: 'recorded', recheck: 'included', size })),
    )
  })
})
