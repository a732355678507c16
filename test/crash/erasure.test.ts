/** An erasure that was cut short is carried out at the next start, and never keeps a ledger from starting. */
import { appendFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT_FATAL, succeedLedger } from '@trailproof/server'
import { expect, test } from 'vitest'
import { judge } from '../support/damaged-ledger.ts'
import { serverHome } from '../support/server-home.ts'
import { type ServerHome, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { ADMIN_TOKEN, type Answer } from '../support/test-server.ts'

const FIRST = '01890a5d-ac96-774b-bcce-b302099a8057'
const SECOND = '01890a5d-ac96-774b-bcce-b302099a8058'

async function post<T>(server: ServerProcess, path: string, body: unknown): Promise<T> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

const erase = (server: ServerProcess, id: string): Promise<{ erasure_index: number }> =>
  post(server, '/v1/erasures', { ids: [id], authority: 'GDPR Art. 17', reason: 'test' })

async function record(server: ServerProcess): Promise<void> {
  const records = [FIRST, SECOND].map((id) => ({ id, action: 'order.placed', actor: { id: 'somebody' } }))
  const { receipts } = await post<Answer>(server, '/v1/events', records)
  expect(receipts.map(({ index }) => index)).toEqual([0, 1])
}

/** What lies in the files, as the erasures in them explain it. */
async function erasedRanges(home: ServerHome): Promise<readonly unknown[]> {
  const { verdict, erased } = await judge(home)
  expect(['intact', 'erased']).toContain(verdict)
  return erased.map(({ from, to }) => [from, to])
}

test('the half line that a crash leaves in the list is not joined to the next erasure', async () => {
  const home = serverHome()
  const before = await startServerProcess(home)
  await record(before)
  await erase(before, FIRST)
  await before.end('SIGKILL')
  appendFileSync(join(home.keys, 'main.erasures'), '{"ranges":[{"from":1,')

  const after = await startServerProcess(home)
  await erase(after, SECOND)
  await after.end('SIGTERM')
  const again = await startServerProcess(home)
  await again.end('SIGTERM')
  expect(await erasedRanges(home)).toEqual([
    [0, 1],
    [1, 2],
  ])
})

test.each([
  { call: 'fsync', file: 'keys/main.erasures', fault: 'error=EIO', at: 1 },
  { call: 'pwrite64', file: 'keys/main.erasures', fault: 'error=ENOSPC', at: 1 },
  { call: 'pwrite64', file: 'keys/main.erasures', fault: 'retval=0', at: 1 },
  { call: 'fdatasync', file: 'keys/main.lock', fault: 'error=EIO', at: 3 },
])(
  '$fault at the $call of $file in an erasure ends the server, and the next one makes it whole',
  async ({ call, file, fault, at }) => {
    const home = serverHome()
    const server = await startServerProcess(home, {
      wrapper: [
        'strace',
        '-f',
        '--seccomp-bpf',
        `-o${join(home.root, 'trace')}`,
        `-P${join(home.root, file)}`,
        `-etrace=${call}`,
        `-einject=${call}:${fault}:when=${at}`,
      ],
    })
    await record(server)
    await expect(erase(server, FIRST)).rejects.toThrow()
    expect(await server.exited).toMatchObject({ code: EXIT_FATAL })

    const next = await startServerProcess(home)
    await erase(next, SECOND)
    await next.end('SIGTERM')
    expect((await erasedRanges(home)).at(-1)).toEqual(
      expect.arrayContaining([2]), // the second one at least; the first may have been listed
    )
  },
)

test.each([
  { call: 'fsync', file: 'keys/main.erasures', at: 1 },
  { call: 'fdatasync', file: 'keys/main-2.lock', at: 1 },
  { call: 'ftruncate', file: 'data/index.db-wal', at: 1 },
  { call: 'ftruncate', file: 'data/ledger.db-wal', at: 1 },
])(
  'killed at the $call of $file while a ledger that was succeeded is erased from, the next start does the rest',
  async ({ call, file, at }) => {
    const home = serverHome()
    const before = await startServerProcess(home)
    await record(before)
    await before.end('SIGTERM')
    rmSync(join(home.keys, 'main.lock'))
    await succeedLedger(home, 'main', 'the lock is lost')
    const doomed = await startServerProcess(home, {
      wrapper: [
        'strace',
        '-f',
        `-o${join(home.root, 'trace')}`,
        `-P${join(home.root, file)}`,
        `-etrace=${call}`,
        `-einject=${call}:signal=SIGKILL:when=${at}`,
      ],
    })
    await expect(erase(doomed, FIRST)).rejects.toThrow()
    await doomed.exited

    const next = await startServerProcess(home)
    await next.end('SIGTERM')
    const { verdict, erased } = await judge(home)
    expect(verdict).toBe('erased')
    expect(erased).toMatchObject([{ from: 0, to: 1, erasedBy: 1, ledger: 'main-2' }])
    expect((await judge(home, [], 'main-2')).verdict).toBe('intact')
  },
)
