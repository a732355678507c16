/**
 * Promise 1, against a power cut: what a server wrote and synced is recorded, played onto a disk that forgets what
 * was not synced, cut at hundreds of moments, and opened again. Every receipt that left before the cut holds.
 */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assertAllKept, type KeptReceipt } from '../support/kept-receipts.ts'
import { openAfterCrash } from '../support/open-after-crash.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { serverHome } from '../support/server-home.ts'
import type { ServerHome } from '../support/server-process.ts'
import { type Cut, SimulatedDisk } from '../support/simulated-disk.ts'
import { type DiskEvent, readCalls, recordCalls } from '../support/strace-log.ts'
import { Supervisor } from '../support/supervisor.ts'
import { runWriters } from '../support/writers.ts'

const CUTS = Number(process.env['POWER_CUTS'] ?? 120)
const CLIENTS = 4
/** Three lives: the first makes everything and goes on until its WAL is begun anew, the second is killed, the third recovers. */
const LIVES = [
  { records: 2000, recordsMax: 20_000, end: 'SIGTERM' },
  { records: 300, recordsMax: 300, end: 'SIGKILL' },
  { records: 300, recordsMax: 300, end: 'SIGTERM' },
] as const
const TEXT_MAX = 8000
const HOWS: readonly Cut[] = ['none of it', 'all of it', 'any of it', 'any of it', 'any of it']

test(`every receipt survives ${CUTS} power cuts`, async () => {
  const home = serverHome()
  const random = seededRandom('CRASH_SEED')
  const supervisor = new Supervisor(home)
  const kept: KeptReceipt[] = []
  const events: DiskEvent[] = []
  const walStarts: number[] = []
  for (const [life, { records, recordsMax, end }] of LIVES.entries()) {
    const log = join(home.root, `${life}.trace`)
    await supervisor.start({ wrapper: recordCalls(log) })
    const written = await runWriters(supervisor, {
      clients: CLIENTS,
      random,
      batchMax: 12,
      textMax: TEXT_MAX,
      proofShare: 0.02,
      left: ({ own }) => (isWalBegunAnew(home) ? records : recordsMax) / CLIENTS - own,
    })
    kept.push(...written.kept)
    await supervisor.end(end)
    const called = await readCalls(log, home.root)
    walStarts.push(called.filter(isWalStart).length)
    events.push(...called)
  }

  const answeredAt = answers(events)
  expect(kept.every(({ receipt }) => answeredAt.has(receipt.id))).toBe(true)
  const found = { cuts: 0, afterAnswer: 0, receiptsHeld: 0 }
  const disk = new SimulatedDisk()
  const moments = cutMoments(events, random)
  let next = 0
  for (const [at, event] of events.entries()) {
    disk.apply(event)
    for (; moments[next] === at; next++) {
      const how = HOWS[random.below(HOWS.length)]!
      const due = kept.filter(({ receipt }) => answeredAt.get(receipt.id)! <= at)
      try {
        await cutAndOpen(disk, how, due, { ...home, root: join(home.root, 'cut'), random })
      } catch (error) {
        const where = `after event ${at} of ${events.length} (${event.kind}), keeping ${how}, ${due.length} receipts due`
        throw new Error(`${where}; CRASH_SEED=${random.seed}: ${(error as Error).message}`, { cause: error })
      }
      found.cuts++
      found.receiptsHeld += due.length
      if (event.kind === 'sent') found.afterAnswer++
    }
  }
  console.log(
    JSON.stringify({ ...found, calls: events.length, walStarts, receipts: kept.length, seed: random.seed }),
  )
  expect(found.cuts).toBe(CUTS)
  expect(walStarts[0], 'one as the first life begins, and one in its middle').toBeGreaterThan(1)
  assertSameFiles(disk, home, random)
  await assertForgetful(events, kept, home, random)
}, 3_600_000)

interface Workshop {
  readonly root: string
  readonly masterKey?: string | undefined
  readonly random: Random
}

async function cutAndOpen(
  disk: SimulatedDisk,
  how: Cut,
  due: readonly KeptReceipt[],
  { root, masterKey, random }: Workshop,
): Promise<void> {
  const after = { masterKey, data: join(root, 'data'), keys: join(root, 'keys') }
  try {
    mkdirSync(root)
    disk.cut(root, how, random)
    await openAfterCrash(after)
    await assertAllKept(after, due)
  } finally {
    rmSync(root, { recursive: true })
  }
}

/** The recording says everything: played to its end with nothing lost, it gives the files the server left. */
function assertSameFiles(disk: SimulatedDisk, home: ServerHome & { root: string }, random: Random): void {
  const root = join(home.root, 'replayed')
  disk.cut(root, 'all of it', random)
  for (const directory of ['data', 'keys']) {
    const names = readdirSync(join(home.root, directory)).filter((name) => !name.endsWith('-shm'))
    expect(readdirSync(join(root, directory)).filter((name) => !name.endsWith('-shm'))).toEqual(names)
    for (const name of names) {
      const [replayed, left] = [root, home.root].map((base) => readFileSync(join(base, directory, name)))
      expect(replayed!.equals(left!), `${directory}/${name}`).toBe(true)
    }
  }
}

/** The disk does forget: a server whose syncs of the WAL never came back has lost what it answered. */
async function assertForgetful(
  events: readonly DiskEvent[],
  kept: readonly KeptReceipt[],
  home: Pick<Workshop, 'root' | 'masterKey'>,
  random: Random,
): Promise<void> {
  const disk = new SimulatedDisk()
  const lastAnswer = events.findLastIndex(({ kind }) => kind === 'sent')
  for (const event of events.slice(0, lastAnswer + 1))
    if (event.kind !== 'synced' || event.path !== 'data/ledger.db-wal') disk.apply(event)
  await expect(
    cutAndOpen(disk, 'none of it', kept, { ...home, root: join(home.root, 'forgotten'), random }),
  ).rejects.toThrow()
}

/** A WAL is begun anew once all of it is in the file. */
function isWalStart(event: DiskEvent): boolean {
  return event.kind === 'write' && event.path === 'data/ledger.db-wal' && event.offset === 0
}

/** Whether the WAL that is there is not its database's first: SQLite counts them in its header (fileformat2.html, 4.1). */
function isWalBegunAnew({ data }: ServerHome): boolean {
  const header = Buffer.alloc(16)
  const file = openSync(join(data, 'ledger.db-wal'), 'r')
  try {
    readSync(file, header, 0, header.length, 0)
  } finally {
    closeSync(file)
  }
  return header.readUInt32BE(12) > 0
}

/** For each record, the event that carried its receipt to the client. */
function answers(events: readonly DiskEvent[]): Map<string, number> {
  const at = new Map<string, number>()
  for (const [i, event] of events.entries())
    if (event.kind === 'sent')
      for (const [, id] of event.bytes.toString('latin1').matchAll(/"id":"([0-9a-f-]{36})"/g))
        if (!at.has(id!)) at.set(id!, i)
  return at
}

/** Half of them anywhere, half where a loss would be a broken promise: as an answer has just left. */
function cutMoments(events: readonly DiskEvent[], random: Random): readonly number[] {
  const sent = events.flatMap(({ kind }, i) => (kind === 'sent' ? [i] : []))
  const moments = Array.from({ length: CUTS }, (_, i) =>
    i % 2 === 0 ? random.below(events.length) : sent[random.below(sent.length)]!,
  )
  return moments.toSorted((a, b) => a - b)
}
