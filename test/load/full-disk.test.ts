/** Below the disk reserve the server refuses and serves; on a full disk it ends; in neither case is anything lost. */
import { setTimeout as delay } from 'node:timers/promises'
import { EXIT_FATAL } from '@trailproof/server'
import { expect, test } from 'vitest'
import { assertAllKept } from '../support/kept-receipts.ts'
import { seededRandom } from '../support/random.ts'
import { NotStarted, type ServerProcess, startServerProcess } from '../support/server-process.ts'
import { smallDisk } from '../support/small-disk.ts'
import { Supervisor } from '../support/supervisor.ts'
import { ADMIN_TOKEN, type Answer } from '../support/test-server.ts'
import { runWriters } from '../support/writers.ts'

const MIB = 2 ** 20
const RESERVE_MIB = 32
/** The server looks at the free space twice a second; a poll is far shorter. */
const POLL_MS = 20

test('below the reserve records are refused and everything else goes on, until the space is back', async () => {
  const disk = smallDisk(96)
  const server = await startServerProcess(disk, { settings: { disk_reserve_mib: RESERVE_MIB } })
  try {
    const before = (await (await post(server)).json()) as Answer
    const { id, index } = before.receipts[0]!

    disk.fillTo((RESERVE_MIB - 8) * MIB)
    await untilReadyIs(server, 503)
    const refused = await post(server)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toMatch(/^[123]$/)
    expect(await refused.json()).toMatchObject({ type: 'urn:trailproof:problem:disk-reserve', status: 503 })
    expect(await (await get(server, '/readyz')).json()).toMatchObject({ status: 'disk-reserve' })
    for (const path of [
      '/healthz',
      `/v1/events/${id}`,
      `/v1/search?min_index=${index}`,
      `/v1/ledgers/main/entries/${index}`,
      `/v1/ledgers/main/entries/${index}/proof`,
      '/ledgers/main/checkpoint',
      '/metrics',
    ])
      expect((await get(server, path)).status, path).toBe(200)

    disk.empty()
    await untilReadyIs(server, 200)
    const after = (await (await post(server)).json()) as Answer
    expect(after.receipts[0]).toMatchObject({ status: 'recorded', index: index + 1 })
  } finally {
    await server.end('SIGTERM')
  }
})

test('a disk that is full ends the server, and loses nothing of what it answered', async () => {
  const disk = smallDisk(64)
  const random = seededRandom('CRASH_SEED')
  const supervisor = new Supervisor(disk, { settings: { disk_reserve_mib: 0 } })
  const server = await supervisor.start()
  // Room for the start of the load alone.
  disk.fillTo(6 * MIB)
  const writing = runWriters(supervisor, {
    clients: 8,
    random,
    batchMax: 50,
    textMax: 2000,
    proofShare: 0.1,
    left: ({ own }) => 600 - own,
  })
  try {
    expect(await server.exited).toMatchObject({ code: EXIT_FATAL })

    // With no room at all it may refuse to start; it says so, and harms nothing.
    disk.fillTo(0)
    const again = await startServerProcess(disk, { settings: { disk_reserve_mib: 0 } }).catch(
      (error: unknown) => error,
    )
    if (again instanceof NotStarted) expect(again.message).toMatch(/full|space|disk/)
    else await (again as ServerProcess).end('SIGKILL')

    disk.empty()
    await supervisor.start()
    const { kept } = await writing
    await supervisor.end('SIGTERM')
    console.log(
      JSON.stringify({ started: !(again instanceof NotStarted), ...(await assertAllKept(disk, kept)) }),
    )
  } catch (error) {
    supervisor.giveUp(error as Error)
    await writing.catch(() => undefined)
    throw error
  }
})

function get(server: ServerProcess, path: string): Promise<Response> {
  return fetch(server.url + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
}

function post(server: ServerProcess): Promise<Response> {
  return fetch(`${server.url}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({ action: 'order.placed' }),
  })
}

async function untilReadyIs(server: ServerProcess, status: number): Promise<void> {
  while ((await get(server, '/readyz')).status !== status) await delay(POLL_MS)
}
