/**
 * Promise 2: what was recorded cannot be changed unseen. Each case does one thing to a copy of a sound ledger, and
 * says whether a server still starts on it and which entry `verify` names first.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { signCheckpoint } from '@trailproof/core'
import { succeedLedger } from '@trailproof/server'
import { LEDGER_FILE, LedgerKeys, sha256, verifyEd25519 } from '@trailproof/server/ports'
import { verifyLedger, verifyReceipt } from '@trailproof/verify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  changeRow,
  changeStore,
  copyHome,
  flip,
  judge,
  positionOfEntry,
  swap,
} from '../support/damaged-ledger.ts'
import type { KeptReceipt } from '../support/kept-receipts.ts'
import { randomOf } from '../support/random.ts'
import {
  NotStarted,
  type ServerHome,
  type ServerProcess,
  startServerProcess,
} from '../support/server-process.ts'
import { openStoredLedger } from '../support/stored-ledger.ts'
import { Supervisor } from '../support/supervisor.ts'
import { ADMIN_TOKEN, type Answer } from '../support/test-server.ts'
import { runWriters } from '../support/writers.ts'

const YESTERDAY = 600
const TODAY = 1000

const root = mkdtempSync(join(tmpdir(), 'trailproof-damage-'))
const today = { data: join(root, 'data'), keys: join(root, 'keys') }
const yesterday = { data: join(root, 'yesterday/data'), keys: join(root, 'yesterday/keys') }
/** The receipts of the sound ledger. */
let kept: readonly KeptReceipt[]
/** A key that writes to `main` and no other ledger. */
let mainToken: string
let copies = 0

async function grow(home: ServerHome, records: number): Promise<readonly KeptReceipt[]> {
  const supervisor = new Supervisor(home)
  await supervisor.start()
  const written = await runWriters(supervisor, {
    clients: 2,
    random: randomOf(1),
    batchMax: 30,
    proofShare: 1,
    left: ({ own }) => records / 2 - own,
  })
  await supervisor.end('SIGTERM')
  return written.kept
}

async function call<T>(
  server: ServerProcess,
  path: string,
  init: RequestInit & { token?: string } = {},
): Promise<T> {
  const headers = { authorization: `Bearer ${init.token ?? ADMIN_TOKEN}`, 'content-type': 'application/json' }
  const response = await fetch(server.url + path, { ...init, headers })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

beforeAll(async () => {
  const server = await startServerProcess(today)
  const body = JSON.stringify({ name: 'old', ledger: 'main', scopes: ['ingest', 'read'] })
  const { token } = await call<{ token: string }>(server, '/v1/keys', { method: 'POST', body })
  mainToken = token
  await server.end('SIGTERM')
  const first = await grow(today, YESTERDAY)
  copyHome(today, join(root, 'yesterday'))
  kept = [...first, ...(await grow(today, TODAY - YESTERDAY))]
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function copy(of: ServerHome = today): ServerHome & { root: string } {
  return copyHome(of, join(root, `copy-${copies++}`))
}

/** `open`, or the code with which the server refuses to start. */
async function startOn(home: ServerHome): Promise<{ state: string; message: string }> {
  try {
    const server = await startServerProcess(home)
    await server.end('SIGTERM')
    return { state: 'open', message: '' }
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error
    return { state: error.code ?? 'ended', message: error.message }
  }
}

interface Damage {
  readonly what: string
  readonly change: (db: DatabaseSync) => void
  /**
   * `newest`: the size that is left. Level 0 is made from the leaves, so a leaf that was changed and contradicts
   * nothing else is found one level up, where a hash stands for 256 of them; the first of those is named.
   */
  readonly firstBad: { readonly index: number | 'newest'; readonly step: string }
  /** What a start says; it reads the newest entries and what ties them to the lock, not every byte. */
  readonly start?: 'open' | 'DATA_BEHIND_LOCK'
}

const LEAF = 89
const SALTS = 32
const LENGTHS = 8

const DAMAGES: readonly Damage[] = [
  {
    what: 'a byte of the content of entry 300',
    change: (db) => changeRow(db, 256, 'content', (bytes) => flip(bytes, coreAt(bytes, 256, 300 - 256))),
    firstBad: { index: 300, step: 'commitment' },
  },
  {
    what: 'a byte of compressed content, which can then not be unpacked',
    change: (db) =>
      void db
        .prepare('UPDATE entry_block SET content = zeroblob(100) WHERE position = ?')
        .run(positionOfEntry(256)),
    firstBad: { index: 256, step: 'commitment' },
  },
  {
    what: 'a byte of content after the last full block',
    change: (db) => changeRow(db, lastPiece(db).first, 'content', (bytes) => flip(bytes, bytes.length - 10)),
    firstBad: { index: TODAY - 1, step: 'commitment' },
  },
  {
    what: 'a byte of the core salt of entry 300',
    change: (db) => changeRow(db, 256, 'salts', (bytes) => flip(bytes, (300 - 256) * SALTS)),
    firstBad: { index: 300, step: 'commitment' },
  },
  {
    what: 'a byte of the personal salt of entry 301',
    change: (db) => changeRow(db, 256, 'salts', (bytes) => flip(bytes, (301 - 256) * SALTS + 16)),
    firstBad: { index: 301, step: 'commitment' },
  },
  {
    what: 'the id in the leaf of entry 300',
    change: (db) => changeRow(db, 256, 'leaves', (bytes) => flip(bytes, (300 - 256) * LEAF + 16)),
    firstBad: { index: 300, step: 'id' },
  },
  {
    what: 'a commitment in the leaf of entry 300',
    change: (db) => changeRow(db, 256, 'leaves', (bytes) => flip(bytes, (300 - 256) * LEAF + 40)),
    firstBad: { index: 300, step: 'commitment' },
  },
  {
    what: 'the time in the leaf of entry 300',
    change: (db) => changeRow(db, 256, 'leaves', (bytes) => flip(bytes, (300 - 256) * LEAF + 18)),
    firstBad: { index: 300, step: 'recorded_at' },
  },
  {
    what: 'a hash of a stored tile',
    change: (db) => {
      const { hashes } = db.prepare('SELECT hashes FROM tile WHERE ledger = 1 AND level = 1').get() as {
        hashes: Uint8Array
      }
      const bytes = Buffer.from(hashes)
      flip(bytes, 32 + 5)
      db.prepare('UPDATE tile SET hashes = ? WHERE ledger = 1 AND level = 1').run(bytes)
    },
    firstBad: { index: 256, step: 'tile' },
    start: 'DATA_BEHIND_LOCK',
  },
  {
    what: 'a stored tile, gone',
    change: (db) => db.exec('DELETE FROM tile'),
    firstBad: { index: 0, step: 'tile' },
    start: 'DATA_BEHIND_LOCK',
  },
  {
    what: 'the newest entries, gone',
    change: (db) => {
      const { first } = lastPiece(db)
      db.prepare('DELETE FROM entry_block WHERE position >= ?').run(positionOfEntry(first))
      db.prepare('UPDATE ledger SET size = ?').run(first)
    },
    firstBad: { index: 'newest', step: 'missing' },
    start: 'DATA_BEHIND_LOCK',
  },
  {
    what: 'a block in the middle, gone',
    change: (db) => void db.prepare('DELETE FROM entry_block WHERE position = ?').run(positionOfEntry(256)),
    firstBad: { index: 256, step: 'missing' },
  },
  {
    what: 'two blocks, exchanged',
    change: (db) => {
      const move = db.prepare('UPDATE entry_block SET position = ? WHERE position = ?')
      move.run(1, positionOfEntry(0))
      move.run(positionOfEntry(0), positionOfEntry(256))
      move.run(positionOfEntry(256), 1)
    },
    firstBad: { index: 0, step: 'recorded_at' },
  },
  {
    what: 'two entries of one moment, exchanged with all that belongs to them',
    change: (db) => {
      let n = 0
      changeRow(db, 256, 'leaves', (bytes) => {
        while (timeAt(bytes, n) !== timeAt(bytes, n + 1)) n++
        swap(bytes, n * LEAF, (n + 1) * LEAF, LEAF)
      })
      changeRow(db, 256, 'salts', (bytes) => swap(bytes, n * SALTS, (n + 1) * SALTS, SALTS))
      changeRow(db, 256, 'content', (bytes) => swapContent(bytes, 256, n))
    },
    firstBad: { index: 256, step: 'tile' },
  },
]

function timeAt(leaves: Buffer, n: number): bigint {
  return leaves.readBigUInt64BE(n * LEAF + 17)
}

/** Where the core group of the n-th entry of a block begins. */
function coreAt(content: Buffer, count: number, n: number): number {
  let at = count * LENGTHS
  for (let i = 0; i < n; i++) at += content.readUInt32LE(i * LENGTHS)
  return at
}

/** Exchanges entry n and n + 1 of a block. */
function swapContent(content: Buffer, count: number, n: number): void {
  const parts: Buffer[][] = [[], []]
  let at = count * LENGTHS
  for (const which of [0, 1] as const)
    for (let i = 0; i < count; i++) {
      const length = content.readUInt32LE(i * LENGTHS + which * 4)
      parts[which]!.push(Buffer.from(content.subarray(at, at + length)))
      at += length
    }
  for (const group of parts) [group[n], group[n + 1]] = [group[n + 1]!, group[n]!]
  swap(content, n * LENGTHS, (n + 1) * LENGTHS, LENGTHS)
  Buffer.concat(parts.flat()).copy(content, count * LENGTHS)
}

function lastPiece(db: DatabaseSync): { first: number } {
  // Of the first ledger: behind it stands the one of its reads.
  const { position } = db
    .prepare('SELECT max(position) AS position FROM entry_block WHERE position < ?')
    .get(positionOfEntry(2 ** 36)) as { position: number }
  return { first: position - positionOfEntry(0) }
}

test('the ledger that is damaged below is sound', async () => {
  expect(await judge(today, checkpointsOf(kept))).toMatchObject({ verdict: 'intact', size: TODAY })
})

test.each(DAMAGES)('names $what', async ({ change, firstBad, start = 'open' }) => {
  const home = copy()
  let left = TODAY
  changeStore(home, (db) => {
    change(db)
    left = (db.prepare('SELECT size FROM ledger').get() as { size: number }).size
  })
  const found = await judge(home, checkpointsOf(kept))
  expect(found).toMatchObject({ verdict: 'broken', firstBad: { step: firstBad.step } })
  expect(found.firstBad!.index).toBe(firstBad.index === 'newest' ? left : firstBad.index)
  // The lock alone is enough to see that something changed.
  expect(await judge(home)).toMatchObject({ verdict: 'broken' })
  expect((await startOn(home)).state).toBe(start)
})

function checkpointsOf(receipts: readonly KeptReceipt[]): readonly string[] {
  return [...new Set(receipts.map(({ checkpoint }) => checkpoint))]
}

test('an id row that was changed is named by the store, as no proof depends on it', async () => {
  const home = copy()
  changeStore(home, (db) => db.exec('UPDATE record_id SET entry = entry + 1 WHERE entry = 300'))
  // Every entry is there and right: the row only says under which index an id is found and repeated.
  expect(await judge(home)).toMatchObject({ verdict: 'intact' })
  await using ledger = await openStoredLedger(home)
  expect(await ledger.reader.wrongIds('main')).toEqual({ first: 300, count: 1 })
  await using sound = await openStoredLedger(today)
  expect(await sound.reader.wrongIds('main')).toEqual({ first: undefined, count: 0 })
})

function restored(): ServerHome & { root: string } {
  const home = copy()
  rmSync(home.data, { recursive: true })
  cpSync(yesterday.data, home.data, { recursive: true })
  return home
}

describe("yesterday's data with today's keys", () => {
  test('does not start, says what to do, and verify names what is missing', async () => {
    const home = restored()
    const { state, message } = await startOn(home)
    expect(state).toBe('DATA_BEHIND_LOCK')
    expect(message).toContain('ledger succeed main')
    expect(await judge(home)).toMatchObject({
      verdict: 'broken',
      firstBad: { index: YESTERDAY, step: 'missing' },
    })
  })

  test('goes on in a successor that begins with what was known, and keys of the old ledger write to it', async () => {
    const home = restored()
    const locked = (await lockedOf(today))!
    expect(await succeedLedger(home, 'main', 'restored from the backup of yesterday')).toMatchObject({
      successor: 'main-2',
      lockedSize: TODAY,
      foundSize: YESTERDAY,
    })
    const server = await startServerProcess(home)
    try {
      const record = JSON.stringify({ action: 'order.placed' })
      const sent = await call<Answer>(server, '/v1/events', {
        method: 'POST',
        body: record,
        token: mainToken,
      })
      expect(sent.receipts[0]).toMatchObject({ ledger: 'main-2', index: 1, status: 'recorded' })
      const { entries } = await call<{ entries: { personal: { text: string } }[] }>(
        server,
        '/v1/ledgers/main-2/entries',
      )
      const { metadata } = JSON.parse(entries[0]!.personal.text) as { metadata: Record<string, string> }
      expect(metadata).toMatchObject({ predecessor: 'main', locked_checkpoint: locked })
      expect(metadata['restored_checkpoint']!.split('\n')[1]).toBe(String(YESTERDAY))
      // The old one stays readable, and takes nothing more.
      const { id } = kept[0]!.receipt
      expect(await call(server, `/v1/events/${id}?ledger=main`)).toMatchObject({ id })
      expect(
        await call<Answer>(server, '/v1/events?ledger=main', { method: 'POST', body: record }),
      ).toMatchObject({ ledger: 'main-2' })
    } finally {
      await server.end('SIGTERM')
    }
    expect(await judge(home, [], 'main-2')).toMatchObject({ verdict: 'intact', size: 3 })
    expect(await judge(home)).toMatchObject({ verdict: 'broken', firstBad: { index: YESTERDAY } })
  })

  test('is found out when only the ledger was restored and the index was not', async () => {
    const home = copy()
    cpSync(join(yesterday.data, LEDGER_FILE), join(home.data, LEDGER_FILE))
    expect((await startOn(home)).state).toBe('DATA_BEHIND_LOCK')
    await succeedLedger(home, 'main', 'restored the ledger alone')
    const server = await startServerProcess(home)
    try {
      const { records } = await call<{ records: { index: number }[] }>(
        server,
        '/v1/search?ledger=main&limit=10',
      )
      expect(records.map(({ index }) => index)).toEqual(
        Array.from({ length: 10 }, (_, i) => YESTERDAY - 1 - i),
      )
    } finally {
      await server.end('SIGTERM')
    }
  })
})

test('a ledger without its lock does not start', async () => {
  const home = copy()
  rmSync(join(home.keys, 'main.lock'))
  expect((await startOn(home)).message).toContain('no checkpoint lock')
})

test('a lock under another key does not start, and a checkpoint under another key is broken at once', async () => {
  const home = copy()
  await using ledger = await openStoredLedger(home)
  const foreign = new LedgerKeys(join(home.root, 'foreign')).create('main', ledger.verifierKey.name)
  const forgedRoot = Buffer.alloc(32, 7)
  const forged = signCheckpoint({ origin: ledger.verifierKey.name, size: TODAY, root: forgedRoot }, [foreign])
  const report = await verifyLedger(
    { ...ledger.source, checkpoint: async () => forged },
    { verifierKeys: [ledger.verifierKey], sha256, verifyEd25519 },
  )
  expect(report).toMatchObject({ verdict: 'broken', firstBad: { index: 0, step: 'checkpoint' } })

  cpSync(join(home.root, 'foreign/main.key'), join(home.keys, 'main.key'))
  expect((await startOn(home)).state).not.toBe('open')
})

test('a second server on the same data or the same keys is refused', async () => {
  const home = copy()
  const other = copy()
  const server = await startServerProcess(home)
  try {
    for (const pair of [home, { data: home.data, keys: other.keys }, { data: other.data, keys: home.keys }])
      expect((await startOn(pair)).state).toBe('LOCK_HELD')
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
  } finally {
    await server.end('SIGTERM')
  }
})

test('a copy of data and keys that grows on its own is named from the receipts of the other side', async () => {
  const copied = copyHome(yesterday, join(root, 'fork'))
  const theirs = await grow(copied, TODAY - YESTERDAY + 100)
  // Each is sound by itself; only what the other side signed convicts.
  expect(await judge(copied)).toMatchObject({ verdict: 'intact' })
  const before = kept.slice(0, YESTERDAY)
  const ours = kept.slice(YESTERDAY)
  for (const [home, others] of [
    [copied, ours],
    [today, theirs],
  ] as const) {
    const report = await judge(home, checkpointsOf([...before, ...others]))
    expect(report).toMatchObject({ verdict: 'broken' })
    expect(report.firstBad!.index).toBe(YESTERDAY)
    await using ledger = await openStoredLedger(home)
    const { receipt, checkpoint } = others[50]!
    const judged = await verifyReceipt(receipt, {
      checkpoint,
      verifierKeys: [ledger.verifierKey],
      source: ledger.source,
      sha256,
      verifyEd25519,
    })
    expect(judged).toMatchObject({ verdict: 'broken', firstBad: { step: 'fork', index: receipt.index } })
  }
  // And the data of one with the lock of the other does not start.
  expect((await startOn({ data: copied.data, keys: copy().keys })).state).toBe('DATA_BEHIND_LOCK')
})

async function lockedOf(home: ServerHome): Promise<string | undefined> {
  await using ledger = await openStoredLedger(home)
  return ledger.locked[0]
}
