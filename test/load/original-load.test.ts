/**
 * The load under which the original pipeline lost 62 to 66 % of what it had acknowledged: 20,000 log lines over 50
 * connections. Here the server is also stopped once and killed once in between, and nothing is lost or doubled.
 */
import { expect, test } from 'vitest'
import { PersistentClient } from '../support/persistent-post.ts'
import { serverHome } from '../support/server-home.ts'
import type { ServerProcess } from '../support/server-process.ts'
import { openStoredLedger } from '../support/stored-ledger.ts'
import { Supervisor } from '../support/supervisor.ts'
import { ADMIN_TOKEN } from '../support/test-server.ts'

const CONNECTIONS = 50
const LINES = 20_000
const PAGE = 1000

test(`${LINES} log lines through a restart and a kill: all acknowledged, all stored, none twice`, async () => {
  const home = serverHome()
  const supervisor = new Supervisor(home)
  await supervisor.start()
  const ids = new Set<string>()
  let next = 0
  let repeated = 0
  const progress = milestones()
  const drive = async (): Promise<void> => {
    using connection = new PersistentClient(supervisor)
    for (let line = next++; line < LINES; line = next++) {
      const { body, attempts } = await connection.post<{ message: string; id: string }>({
        path: '/api/log',
        body: JSON.stringify({ service: 'original', level: 'info', message: `line ${line}` }),
        headers: { 'idempotency-key': `line-${line}` },
      })
      expect(body.message).toBe('Log recorded')
      ids.add(body.id)
      if (attempts > 1) repeated++
      progress.reach(ids.size)
    }
  }
  const driving = Promise.all(Array.from({ length: CONNECTIONS }, drive))
  try {
    await Promise.race([progress.at(LINES / 3), driving])
    expect(await supervisor.end('SIGTERM')).toMatchObject({ code: 0 })
    await supervisor.start()
    await Promise.race([progress.at((2 * LINES) / 3), driving])
    await supervisor.end('SIGKILL')
    const server = await supervisor.start()
    await driving

    expect(ids.size, 'distinct acknowledged').toBe(LINES)
    const found = await searchAll(server)
    expect(new Set(found).size, 'found by search').toBe(LINES)
    expect(found.length, 'none twice').toBe(LINES)
    expect(found.every((id) => ids.has(id))).toBe(true)
    await supervisor.end('SIGTERM')
  } catch (error) {
    supervisor.giveUp(error as Error)
    await driving.catch(() => undefined)
    throw error
  }
  await using ledger = await openStoredLedger(home)
  expect(ledger.size, 'in the ledger').toBe(LINES)
  expect(await ledger.verify()).toMatchObject({ verdict: 'intact' })
  console.log(JSON.stringify({ acknowledged: ids.size, stored: ledger.size, repeated }))
}, 600_000)

/** Every id that search finds, page by page, once the index has caught up. */
async function searchAll(server: ServerProcess): Promise<readonly string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const query = new URLSearchParams({
      service: 'original',
      limit: String(PAGE),
      min_index: String(LINES - 1),
    })
    if (cursor !== null) query.set('cursor', cursor)
    const response = await fetch(`${server.url}/v1/search?${query.toString()}`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    })
    const page = (await response.json()) as { records: { id: string }[]; next: string | null }
    expect(response.status, JSON.stringify(page)).toBe(200)
    ids.push(...page.records.map(({ id }) => id))
    cursor = page.next
  } while (cursor !== null && ids.length <= LINES)
  return ids
}

/** Promises that resolve when a count is reached. */
function milestones(): { at(count: number): Promise<void>; reach(count: number): void } {
  const waiting = new Map<number, () => void>()
  return {
    at: (count) =>
      new Promise((resolve) => {
        waiting.set(Math.floor(count), resolve)
      }),
    reach: (count) => waiting.get(count)?.(),
  }
}
