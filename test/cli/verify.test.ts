import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { type TestServer, testServer } from '../support/test-server.ts'
import { run, temporaryDirectory } from './command.ts'
import { type CommandLine, commandLine, someRecords } from './running-server.ts'

interface LedgerReport {
  readonly ledger: string
  readonly verdict: string
  readonly size: number
  readonly firstBad?: { readonly index: number; readonly step: string; readonly detail: string }
  readonly unproven: readonly { readonly what: string }[]
  readonly erased: readonly { readonly from: number; readonly authority: string }[]
  readonly unsigned: number
  readonly keys_from: string
  readonly verifier_keys: readonly string[]
}

/** Verifies with `--json` and gives the exit code with the report of the first ledger. */
async function verify(
  args: readonly string[],
  options: Parameters<typeof run>[1] = {},
): Promise<{ code: number | null; report: LedgerReport; stderr: string }> {
  const { code, stdout, stderr } = await run(['verify', ...args, '--json'], options)
  const { ledgers } = JSON.parse(stdout) as { ledgers: readonly LedgerReport[] }
  return { code, report: ledgers[0]!, stderr }
}

/** A stopped server's data with some records in it, and its keys. */
async function stoppedLedger(count: number): Promise<TestServer> {
  const server = await testServer()
  for (let sent = 0; sent < count; sent += 100)
    await server.post('/v1/events', someRecords(Math.min(100, count - sent)), {
      'content-type': 'application/x-ndjson',
    })
  await server.running.stop()
  return server
}

function change(server: TestServer, sql: (db: DatabaseSync) => void): void {
  const db = new DatabaseSync(join(server.data, 'ledger.db'))
  sql(db)
  db.close()
}

const LEAF_BYTES = 89

type Block = {
  position: number
  count: number
  content: Uint8Array
  leaves: Uint8Array
  salts: Uint8Array
  compressed: number
}

/** Flips one bit in a column of the block that holds the entry. */
function flip(
  server: TestServer,
  index: number,
  column: 'content' | 'leaves' | 'salts',
  at: (block: Block) => number,
) {
  change(server, (db) => {
    const block = db
      .prepare('SELECT * FROM entry_block WHERE position % 68719476736 <= ? ORDER BY position DESC LIMIT 1')
      .get(index) as unknown as Block
    const bytes = Uint8Array.from(block[column])
    bytes[at(block)]! ^= 1
    db.prepare(`UPDATE entry_block SET ${column} = ? WHERE position = ?`).run(bytes, block.position)
  })
}

describe('verify of a data directory', () => {
  test('is intact while the server runs and after it has stopped', async () => {
    const cli = await commandLine()
    await cli.json(['send'], { input: someRecords(700) })
    const { data, keys, running } = cli.server
    const during = await verify([data, '--keys', keys])
    expect(during).toMatchObject({ code: 0, report: { verdict: 'intact', size: 700, keys_from: 'key-file' } })
    await running.stop()
    expect(await verify([data, '--keys', keys])).toMatchObject({
      code: 0,
      report: { verdict: 'intact', size: 700, unsigned: 0 },
    })
    const said = await run(['verify', data, '--keys', keys])
    expect(said.stdout).toMatch(/^intact {2}ledger main, 700 entries\n/)
  })

  test('is unproven without any key, and says what is missing', async () => {
    const { data } = await stoppedLedger(3)
    const copy = join(temporaryDirectory(), 'copy')
    cpSync(data, copy, { recursive: true })
    const { code, report } = await verify([copy])
    expect(code).toBe(4)
    expect(report).toMatchObject({ verdict: 'unproven', unproven: [{ what: 'checkpoint' }] })
    expect((await run(['verify', copy])).stdout).toMatch(/name --keys .* or --vkey/)
  })

  test('says by whose authority something was erased', async () => {
    const cli = await commandLine()
    const { body } = await cli.server.post('/v1/events', {
      action: 'a.b',
      actor: { type: 'user', id: 'u-1' },
    })
    const why = ['--authority', 'GDPR Art. 17', '--reason', 'asked', '--yes']
    await cli.json(['erase', body.receipts[0]!.id, ...why])
    const { code, report } = await verify([cli.server.data, '--keys', cli.server.keys])
    expect(code).toBe(0)
    expect(report).toMatchObject({ verdict: 'erased', erased: [{ from: 0, authority: 'GDPR Art. 17' }] })
  })

  test.each([
    ['in a short block', 600, 550, 'commitment'],
    ['in a full block', 600, 256, 'commitment'],
  ])('names the first entry that a changed byte of content spoils, %s', async (_, count, index, step) => {
    const server = await stoppedLedger(count)
    const first = firstEntryOfBlock(server, index)
    flip(server, index, 'content', ({ content, compressed, count: entries }) =>
      compressed ? content.length - 1 : entries * 8 + 2,
    )
    const { code, report } = await verify([server.data, '--keys', server.keys])
    expect(code).toBe(3)
    expect(report).toMatchObject({ verdict: 'broken', firstBad: { index: first, step } })
  })

  test('names the first entry of a block that cannot be read at all', async () => {
    const server = await stoppedLedger(600)
    flip(server, 256, 'content', () => 0) // the magic number of the compressed block
    const { code, report } = await verify([server.data, '--keys', server.keys])
    expect(code).toBe(3)
    expect(report.firstBad).toMatchObject({ index: 256, step: 'commitment' })
  })

  // 299 is the last of its request. A time within its order is at odds with the tree alone, and the tile above the
  // leaves says which 256 entries to look at.
  test.each([
    ['version', 0, 299, 'leaf'],
    ['id', 5, 299, 'id'],
    ['time, far ahead', 19, 299, 'recorded_at'],
    ['time, within its order', 24, 256, 'tile'],
    ['core commitment', 40, 299, 'commitment'],
    ['personal commitment', 70, 299, 'commitment'],
  ])('names the entry whose leaf changed: %s', async (_, at, index, step) => {
    const server = await stoppedLedger(600)
    flip(server, 299, 'leaves', ({ position, count }) => {
      const first = position % 2 ** 36
      expect(first + count).toBeGreaterThan(299)
      return (299 - first) * LEAF_BYTES + at
    })
    const { code, report } = await verify([server.data, '--keys', server.keys])
    expect(code).toBe(3)
    expect(report.firstBad).toMatchObject({ index, step })
  })

  test('names the entry whose salt changed', async () => {
    const server = await stoppedLedger(600)
    flip(server, 300, 'salts', ({ position }) => (300 - (position % 2 ** 36)) * 32 + 16)
    const { report } = await verify([server.data, '--keys', server.keys])
    expect(report).toMatchObject({ verdict: 'broken', firstBad: { index: 300, step: 'commitment' } })
  })

  test('names the first leaf of a hash that changed in a tile', async () => {
    const server = await stoppedLedger(600)
    change(server, (db) => {
      const { hashes } = db.prepare('SELECT hashes FROM tile WHERE level = 1').get() as { hashes: Uint8Array }
      const flipped = Uint8Array.from(hashes)
      flipped[40]! ^= 1
      db.prepare('UPDATE tile SET hashes = ? WHERE level = 1').run(flipped)
    })
    const { code, report } = await verify([server.data, '--keys', server.keys])
    expect(code).toBe(3)
    expect(report.firstBad).toMatchObject({ index: 256, step: 'tile' })
  })

  test('names the first of entries that changed places', async () => {
    const server = await stoppedLedger(600)
    change(server, (db) => {
      const swap = db.prepare('UPDATE entry_block SET position = ? WHERE position % 68719476736 = ?')
      const { base } = db.prepare('SELECT min(position) AS base FROM entry_block').get() as { base: number }
      swap.run(-1, 0)
      swap.run(base, 256)
      db.prepare('UPDATE entry_block SET position = ? WHERE position = -1').run(base + 256)
    })
    const { code, report } = await verify([server.data, '--keys', server.keys])
    expect(code).toBe(3)
    expect(report.firstBad).toMatchObject({ index: 0 })
  })

  test('names where the newest entries are missing', async () => {
    const server = await stoppedLedger(600)
    const kept = 512
    change(server, (db) => {
      db.prepare('DELETE FROM entry_block WHERE position % 68719476736 >= ?').run(kept)
      db.prepare('UPDATE ledger SET size = ?').run(kept)
    })
    const { code, report } = await verify([server.data, '--keys', server.keys])
    expect(code).toBe(3)
    expect(report.firstBad).toMatchObject({ index: kept, step: 'missing' })
  })

  test('names where entries in the middle are missing', async () => {
    const server = await stoppedLedger(600)
    change(server, (db) => db.prepare('DELETE FROM entry_block WHERE position % 68719476736 = 256').run())
    const { report } = await verify([server.data, '--keys', server.keys])
    expect(report).toMatchObject({ verdict: 'broken', firstBad: { index: 256, step: 'missing' } })
  })

  test('is broken under the key of another installation', async () => {
    const server = await stoppedLedger(3)
    const other = await stoppedLedger(3)
    const { report: others } = await verify([other.data, '--keys', other.keys])
    const vkey = others.verifier_keys[0]!
    const { code, report } = await verify([server.data, '--vkey', vkey])
    expect(code).toBe(3)
    expect(report.firstBad).toMatchObject({ index: 0, step: 'checkpoint' })
  })

  test('holds restored data against the lock', async () => {
    const server = await testServer()
    await server.post('/v1/events', { action: 'a.b' })
    await server.running.stop()
    const backup = join(temporaryDirectory(), 'backup')
    cpSync(server.data, backup, { recursive: true })
    const again = await server.restart()
    await again.post('/v1/events', { action: 'a.c' })
    await again.running.stop()
    const { code, report } = await verify([backup, '--keys', server.keys])
    expect(code).toBe(3)
    expect(report.firstBad).toMatchObject({ index: 1, step: 'missing' })
  })

  test('verifies up to the checkpoint and says how many entries are not signed yet', async () => {
    const server = await testServer()
    await server.post('/v1/events', { action: 'a.b' })
    await server.running.stop()
    const keys = join(temporaryDirectory(), 'keys')
    cpSync(server.keys, keys, { recursive: true }) // the lock as a crash before signing leaves it
    const { checkpoint } = (() => {
      const db = new DatabaseSync(join(server.data, 'ledger.db'))
      const row = db.prepare('SELECT checkpoint FROM ledger').get() as { checkpoint: string }
      db.close()
      return row
    })()
    const again = await server.restart()
    await again.post('/v1/events', JSON.parse(`[${someRecords(4).replaceAll('\n', ',')}]`))
    await again.running.stop()
    change(server, (db) => db.prepare('UPDATE ledger SET checkpoint = ?').run(checkpoint))
    const { code, report } = await verify([server.data, '--keys', keys])
    expect(code).toBe(0)
    expect(report).toMatchObject({ verdict: 'intact', size: 1, unsigned: 4 })
    expect((await run(['verify', server.data, '--keys', keys])).stdout).toMatch(
      /not signed yet +the newest 4/,
    )
  })

  test('refuses what is not a data directory', async () => {
    const { code, stderr } = await run(['verify', temporaryDirectory()])
    expect(code).toBe(2)
    expect(stderr).toMatch(/is not a data directory/)
  })
})

/** The first index of the row that holds the entry. */
function firstEntryOfBlock(server: TestServer, index: number): number {
  const db = new DatabaseSync(join(server.data, 'ledger.db'), { readOnly: true })
  const row = db
    .prepare('SELECT position % 68719476736 AS at FROM entry_block WHERE at <= ? ORDER BY at DESC LIMIT 1')
    .get(index) as { at: number }
  db.close()
  return row.at
}

describe('verify of a server', () => {
  test('judges all ledgers, warns that the key is not pinned, and takes a pinned one', async () => {
    const cli = await commandLine()
    await cli.json(['send'], { input: someRecords(2100) })
    await cli.json(['ledger', 'create', 'tenant-a'])
    const { url } = cli.server
    const whole = await publishedAt(cli, 2100)
    expect(whole).toMatchObject({ verdict: 'intact', keys_from: 'server' })
    const said = await cli.run(['verify', url])
    expect(said.stdout).toMatch(/not pinned[\s\S]*--vkey \S+[\s\S]*intact {2}ledger tenant-a, 0 entries/)
    const vkey = whole.verifier_keys[0]!
    const pinned = await verify([`${url}/ledgers/main`, '--vkey', vkey], { env: cli.env })
    expect(pinned).toMatchObject({ code: 0, report: { verdict: 'intact', keys_from: 'pinned' } })
    const file = join(temporaryDirectory(), 'main.vkey')
    writeFileSync(file, `# the ledger of payments\n${vkey}\n`)
    expect((await verify([url, '--ledger', 'main', '--vkey', file], { env: cli.env })).code).toBe(0)
  })

  test('without a key it is refused, or judged without content when the log is public', async () => {
    const closed = await commandLine()
    await closed.json(['send'], { input: someRecords(2) })
    await publishedAt(closed, 2)
    const refused = await run(['verify', closed.server.url])
    expect(refused.code).toBe(6)
    expect(refused.stderr).toMatch(/not open to all/)

    const open = await commandLine({ public_log: true })
    await open.json(['send'], { input: someRecords(300) })
    const { verifier_keys } = await publishedAt(open, 300)
    const { code, report } = await verify([open.server.url, '--vkey', verifier_keys[0]!])
    expect(code).toBe(4)
    expect(report).toMatchObject({ verdict: 'unproven', size: 300 })
    expect(report.unproven.map(({ what }) => what).toSorted()).toEqual(['core', 'personal'])
  })

  test('remembers checkpoints, so that a server that went back is found out', async () => {
    const cli = await commandLine()
    const { url, data, keys } = cli.server
    const file = join(temporaryDirectory(), 'seen.jsonl')
    await cli.server.post('/v1/events', { action: 'a.b' })
    await cli.server.running.stop()
    const before = join(temporaryDirectory(), 'before')
    cpSync(data, join(before, 'data'), { recursive: true })
    cpSync(keys, join(before, 'keys'), { recursive: true })
    const port = Number(new URL(url).port)
    const again = await cli.server.restart({ port })
    await again.post('/v1/events', [{ action: 'a.c' }, { action: 'a.d' }])
    await publishedAt(cli, 3)
    const main = [url, '--ledger', 'main', '--remember', file]
    expect((await verify(main, { env: cli.env })).code).toBe(0)
    expect((await verify(main, { env: cli.env })).code).toBe(0)
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(1)

    const { report } = await verify([
      join(before, 'data'),
      '--keys',
      join(before, 'keys'),
      '--remember',
      file,
    ])
    expect(report).toMatchObject({ verdict: 'broken', firstBad: { index: 1, step: 'remembered' } })
  })

  test('says plainly that it cannot be reached', async () => {
    const { code, stderr } = await run(['verify', 'http://127.0.0.1:9'])
    expect(code).toBe(5)
    expect(stderr).toMatch(/cannot reach/)
  })
})

/** Verifies until the published checkpoint, which advances once a second, has come to this size. */
async function publishedAt({ server, env }: CommandLine, size: number): Promise<LedgerReport> {
  for (;;) {
    const { report } = await verify([`${server.url}/ledgers/main`], { env })
    if (report.size >= size) return report
  }
}

describe('verify of receipts', () => {
  test('judges them offline with a pinned key, and against the ledger', async () => {
    const cli = await commandLine()
    const file = join(temporaryDirectory(), 'receipts.ndjson')
    await cli.json(['send', '--receipts', file], { input: someRecords(5) })
    await cli.json(['send'], { input: someRecords(300) })
    await cli.json(['send', '--receipts', file], { input: someRecords(1) })
    const { verifier_keys } = await publishedAt(cli, 306)
    const { url, data, keys, running } = cli.server
    const args = ['verify', file, '--vkey', verifier_keys[0]!]
    expect((await run([...args, '--against', url], { env: cli.env })).stdout).toMatch(/^intact .*6 intact/)
    await running.stop()
    const offline = await run(args)
    expect(offline.code).toBe(0)
    expect(offline.stdout).toMatch(/^intact {2}receipts: 6 intact/)
    expect((await run(['verify', file, '--against', data, '--keys', keys])).code).toBe(0)
    // Its newest signature is in the lock alone; what the receipts say of it is signed too.
    expect((await run([...args, '--against', data])).code).toBe(0)
    const unpinned = await run(['verify', file])
    expect(unpinned.code).toBe(4)
    expect(unpinned.stdout).toMatch(/no verifier key/)
  })

  test('names the receipt that was changed', async () => {
    const cli = await commandLine()
    const file = join(temporaryDirectory(), 'receipts.ndjson')
    await cli.json(['send', '--receipts', file], { input: someRecords(3) })
    const { verifier_keys } = await publishedAt(cli, 3)
    const lines = readFileSync(file, 'utf8').trim().split('\n')
    const second = JSON.parse(lines[1]!) as Record<string, unknown>
    lines[1] = JSON.stringify({ ...second, recorded_at: '2020-01-01T00:00:00.000000Z' })
    writeFileSync(file, lines.join('\n'))
    const { code, stdout } = await run(['verify', file, '--vkey', verifier_keys[0]!])
    expect(code).toBe(3)
    expect(stdout).toMatch(/^broken .*2 intact, 1 broken\n +receipt 2 +broken entry 1 \(leaf\)/)
  })

  test('takes a whole answer of POST /v1/events and a saved proof with its content', async () => {
    const cli = await commandLine()
    const { body } = await cli.server.post('/v1/events?receipt=proof', { action: 'a.b', message: 'hello' })
    const { verifier_keys } = await publishedAt(cli, 1)
    const directory = temporaryDirectory()
    const answer = join(directory, 'answer.json')
    writeFileSync(answer, JSON.stringify(body, null, 2))
    expect((await run(['verify', answer, '--vkey', verifier_keys[0]!])).code).toBe(0)

    const proof = join(directory, 'proof.json')
    expect((await cli.run(['proof', body.receipts[0]!.id, '--content', '-o', proof])).code).toBe(0)
    expect((await run(['verify', proof, '--vkey', verifier_keys[0]!])).code).toBe(0)
    writeFileSync(proof, readFileSync(proof, 'utf8').replace('hello', 'hullo'))
    const changed = await run(['verify', proof, '--vkey', verifier_keys[0]!])
    expect(changed.code).toBe(3)
    expect(changed.stdout).toMatch(/\(commitment\)/)
    const tlog = await cli.run(['proof', body.receipts[0]!.id, '--tlog'])
    expect(tlog.stdout).toMatch(/^c2sp\.org\/tlog-proof@v1\nindex 0\n/)
  })

  test('convicts a ledger that was cut off behind the receipt', async () => {
    const cli = await commandLine()
    const file = join(temporaryDirectory(), 'receipts.ndjson')
    const { data, keys } = cli.server
    await cli.server.post('/v1/events', { action: 'a.b' })
    await cli.server.running.stop()
    const before = temporaryDirectory()
    cpSync(data, join(before, 'data'), { recursive: true })
    cpSync(keys, join(before, 'keys'), { recursive: true })
    const again = await cli.server.restart()
    await run(['send', '--receipts', file, '--url', again.url, '--token', cli.env['TRAILPROOF_TOKEN']!], {
      input: someRecords(2),
    })
    const args = ['verify', file, '--against', join(before, 'data'), '--keys', join(before, 'keys')]
    const { code, stdout } = await run(args)
    expect(code).toBe(3)
    expect(stdout).toMatch(/entry 1 \(missing\)/)
  })
})
