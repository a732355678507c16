import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { run, temporaryDirectory } from './command.ts'
import { commandLine, someRecords } from './running-server.ts'

describe('trailproof send', () => {
  test.each([
    ['NDJSON', '{"action":"a.b"}\n{"action":"a.c"}\n'],
    ['a JSON array', '[{"action":"a.b"},\n {"action":"a.c", "metadata":{"text":"] } \\" ["}}]'],
    ['objects over several lines', '{\n "action": "a.b"\n}\n{\n "action": "a.c"}'],
    ['NDJSON with a byte order mark and empty lines', '\uFEFF\n{"action":"a.b"}\r\n\r\n{"action":"a.c"}'],
  ])('records %s from stdin', async (_, input) => {
    const cli = await commandLine()
    const [answer] = await cli.json(['send', '--wait'], { input })
    expect(answer).toMatchObject({ records: 2, recorded: 2 })
    const found = await cli.json<{ action: string }>(['search'])
    expect(found.map(({ action }) => action)).toEqual(['a.c', 'a.b'])
  })

  test('sends a file in batches and shows what became of it', async () => {
    const cli = await commandLine()
    const file = join(temporaryDirectory(), 'events.ndjson')
    writeFileSync(file, someRecords(2500))
    const { code, stdout } = await cli.run(['send', file])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^2,500 recorded in /)
    expect((await cli.server.get<{ size: number }>('/v1/ledgers/main')).size).toBe(2500)
  })

  test('leaves nothing out: what is not a record is quarantined, counted and ends with code 7', async () => {
    const cli = await commandLine()
    const { code, stdout, stderr } = await cli.run(['send'], {
      input: '[1, {"action":"a.b"}, "x", {"no":1}]',
    })
    expect(code).toBe(7)
    expect(stdout).toMatch(/^1 recorded, 3 quarantined in /)
    expect(stderr).toMatch(/record 1 quarantined: record: a record is an object; this is 1/)
    expect(stderr).toMatch(/trailproof quarantine list/)
  })

  test('keeps numbers exactly as they were written', async () => {
    const cli = await commandLine()
    await cli.json(['send', '--wait'], { input: '{"action":"a.b","metadata":{"n":12345678901234567890}}' })
    const [record] = await cli.json<{ metadata: unknown }>(['search'])
    expect(record?.metadata).toMatchObject({ n: '12345678901234567890' })
  })

  test('names records on the client, so that an answer that was lost records nothing twice', async () => {
    const cli = await commandLine()
    let lost = 0
    // Stands between: takes the first answer away after the server gave it.
    const between = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        void cli.server
          .fetch(request.url!, {
            method: 'POST',
            headers: { 'content-type': 'application/x-ndjson' },
            body: Buffer.concat(chunks).toString(),
          })
          .then(async (answer) => {
            if (lost++ === 0) response.destroy()
            else response.end(await answer.text())
          })
      })
    })
    await new Promise<void>((resolve) => between.listen(0, '127.0.0.1', resolve))
    const { port } = between.address() as { port: number }
    const [answer] = await cli.json(['send', '--url', `http://127.0.0.1:${port}`], { input: someRecords(3) })
    between.close()
    expect(answer).toMatchObject({ records: 3, recorded: 0, duplicate: 3 })
    expect((await cli.server.get<{ size: number }>('/v1/ledgers/main')).size).toBe(3)
  })

  test('waits as the server asks when it is overloaded, and gives up after the retries', async () => {
    let asked = 0
    const overloaded = createServer((_, response) => {
      asked++
      response.writeHead(503, { 'retry-after': '0', 'content-type': 'application/problem+json' })
      response.end('{"title":"Too many records wait for the disk","status":503}')
    })
    await new Promise<void>((resolve) => overloaded.listen(0, '127.0.0.1', resolve))
    const { port } = overloaded.address() as { port: number }
    const { code, stderr } = await run(['send', '--url', `http://127.0.0.1:${port}`, '--retries', '2'], {
      input: '{"action":"a.b"}',
    })
    overloaded.close()
    expect({ code, asked }).toEqual({ code: 5, asked: 3 })
    expect(stderr).toMatch(/waiting .*Too many records wait for the disk/)
  })

  test('says plainly that no server is there, and what to do', async () => {
    const { code, stdout, stderr } = await run(['send', '--retries', '0', '--url', 'http://127.0.0.1:9'], {
      input: '{"action":"a.b"}',
    })
    expect({ code, stdout }).toEqual({ code: 5, stdout: '' })
    expect(stderr).toMatch(/cannot reach http:\/\/127\.0\.0\.1:9[\s\S]*trailproof serve/)
  })

  test('a token that is not known is refused with code 6 and a hint', async () => {
    const cli = await commandLine()
    const { code, stderr } = await cli.run(['send', '--token', 'nope'], { input: '{"action":"a.b"}' })
    expect(code).toBe(6)
    expect(stderr).toMatch(/no such API key[\s\S]*check --token or TRAILPROOF_TOKEN/)
  })
})

describe('reading', () => {
  test('show prints a record, and says plainly when there is none', async () => {
    const cli = await commandLine()
    const { body } = await cli.server.post('/v1/events', { action: 'door.opened', message: 'a\u001b[2Jb' })
    const id = body.receipts[0]!.id
    const { stdout } = await cli.run(['show', id])
    expect(stdout).toMatch(/door\.opened unknown {2}entry 0 of ledger main/)
    expect(stdout).toContain('message a\\u001b[2Jb') // shown, not obeyed
    const [record] = await cli.json(['show', id])
    expect(record).toMatchObject({ id, action: 'door.opened' })
    const missing = await cli.run(['show', '01890a5d-ac96-774b-bcce-b302099a8057'])
    expect(missing.code).toBe(6)
    expect(missing.stderr).toMatch(/^error: .*has no record/)
  })

  test('search shows a table, stops at the limit, and follows all pages when asked', async () => {
    const cli = await commandLine()
    await cli.json(['send', '--wait'], { input: someRecords(1203) })
    const page = await cli.run(['search', '-n', '2', 'outcome:failure'])
    expect(page.stdout.split('\n')[0]).toMatch(/^index +time +outcome +action +actor/)
    expect(page.stdout).toMatch(/1201 .* failure .* payment\.created +user:u-1/)
    expect(page.stdout).toMatch(/2 of ledger main; there are more/)
    const all = await cli.json<{ index: number }>(['search', '--all'])
    expect(all.map(({ index }) => index)).toEqual(Array.from({ length: 1203 }, (_, i) => 1202 - i))
    const wrong = await cli.run(['search', 'actr:u-1'])
    expect(wrong.code).toBe(6)
    expect(wrong.stderr).toMatch(/there is no field actr; did you mean actor/)
  })

  test('no colour where nobody looks', async () => {
    const cli = await commandLine()
    await cli.json(['send', '--wait'], { input: someRecords(3) })
    for (const args of [['search'], ['ledger', 'list'], ['key', 'list'], ['--help']])
      expect((await cli.run(args)).stdout).not.toContain('\u001b')
  })

  test('tail goes on where it stopped when the connection breaks', async () => {
    const cli = await commandLine()
    const port = Number(new URL(cli.server.url).port)
    const tail = cli.start(['tail', '--from', '0', '-n', '4', '--json', 'outcome:success'])
    await cli.server.post('/v1/events', JSON.parse(`[${someRecords(3).replaceAll('\n', ',')}]`))
    await tail.waitFor(/payment 2/)
    const again = await cli.server.restart({ port })
    await tail.waitFor(/connecting again/)
    await again.post('/v1/events', JSON.parse(`[${someRecords(3).replaceAll('\n', ',')}]`))
    const { code, stdout } = await tail.finished
    expect(code).toBe(0)
    const indexes = stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { index: number }).index)
    expect(indexes).toEqual([0, 2, 3, 5])
  })

  test('tail ends when its key is revoked, and says so', async () => {
    const cli = await commandLine()
    const [key] = await cli.json<{ token: string; prefix: string }>(['key', 'create', 'r', '--scope', 'read'])
    const tail = cli.start(['tail', '--from', '0', '--json'], { env: { TRAILPROOF_TOKEN: key!.token } })
    await cli.server.post('/v1/events', JSON.parse(someRecords(1)))
    await tail.waitFor(/payment 0/)
    expect((await cli.run(['key', 'revoke', key!.prefix])).code).toBe(0)
    const { code, stderr } = await tail.finished
    expect(code).toBe(6)
    expect(stderr).toContain(`API key ${key!.prefix} was revoked (401)`)
  })
})

test('administers keys, ledgers, quarantine, erasure and index', async () => {
  const cli = await commandLine()
  const [ledger] = await cli.json(['ledger', 'create', 'tenant-a'])
  expect(ledger).toMatchObject({ name: 'tenant-a', size: 0 })
  expect((await cli.run(['ledger', 'list'])).stdout).toMatch(/tenant-a +0 +0 +open/)
  expect((await cli.run(['ledger', 'create', 'tenant-a'])).code).toBe(6)

  const [key] = await cli.json<{ token: string; prefix: string }>([
    'key',
    'create',
    'shipper',
    '--scope',
    'ingest',
    '--ledger',
    'tenant-a',
  ])
  const input = '{"action":"a.b","actor":{"type":"user","id":"u-1"}}\n{"bad":1}'
  const sent = await cli.run(['send', '--token', key!.token, '--json'], { input })
  expect(sent.code).toBe(7)
  expect(JSON.parse(sent.stdout)).toMatchObject({ recorded: 1, quarantined: 1 })
  expect((await cli.run(['search', '--token', key!.token])).stderr).toMatch(/scope/)
  await cli.json(['key', 'revoke', key!.prefix])
  expect((await cli.run(['key', 'list'])).stdout).toMatch(/shipper.*revoked/)
  expect((await cli.run(['send', '--token', key!.token], { input })).stderr).toMatch(/revoked/)

  const [bad] = await cli.json<{ id: string }>(['quarantine', 'list', '--ledger', 'tenant-a'])
  expect((await cli.run(['quarantine', 'show', bad!.id])).stdout).toMatch(/\/action[\s\S]*"bad":1/)
  const mended = join(temporaryDirectory(), 'mended.json')
  writeFileSync(mended, '{"action":"was.bad","metadata":{"bad":1}}')
  expect((await cli.run(['quarantine', 'replay', bad!.id, '--file', mended])).stdout).toMatch(/^recorded as /)
  expect(await cli.json(['quarantine', 'list', '--ledger', 'tenant-a'])).toEqual([])

  const rebuilt = await cli.run(['index', 'rebuild', '--ledger', 'tenant-a', '--wait'])
  expect(rebuilt.stdout).toMatch(/the index of tenant-a \(2 entries\) rebuilt/)
  expect(await cli.json(['index', 'status', '--ledger', 'tenant-a'])).toEqual([
    { ledger: 'tenant-a', size: 2, indexed_size: 2, behind: 0 },
  ])

  const [record] = await cli.json<{ id: string }>(['search', '--ledger', 'tenant-a', 'actor:u-1'])
  const erase = [
    'erase',
    record!.id,
    '--ledger',
    'tenant-a',
    '--authority',
    'GDPR Art. 17',
    '--reason',
    'asked',
  ]
  const unasked = await cli.run(erase)
  expect(unasked.code).toBe(2)
  expect(unasked.stderr).toMatch(/give --yes/)
  await cli.json([...erase, '--yes'])
  const [erased] = await cli.json<{ erased: string[]; actor?: unknown }>([
    'show',
    record!.id,
    '--ledger',
    'tenant-a',
  ])
  expect(erased).toMatchObject({ erased: ['personal'] })
  expect(erased!.actor).toBeUndefined()

  await cli.run(['send', '--ledger', 'tenant-a'], {
    input:
      '{"action":"a.b","actor":{"type":"user","id":"u-77"}}\n{"action":"a.b","actor":{"type":"job","id":"u-77"}}',
  })
  const why = ['--ledger', 'tenant-a', '--authority', 'GDPR Art. 17', '--reason', 'asked', '--yes']
  for (const wrong of [[], [record!.id, '--subject', 'u-77'], [record!.id, '--subject-type', 'user']])
    expect((await cli.run(['erase', ...wrong, ...why])).code).toBe(2)
  const gone = await cli.run(['erase', '--subject', 'u-77', '--subject-type', 'user', ...why])
  expect(gone.stdout).toMatch(/^erased in ledger tenant-a: 1 records, .*recorded as entry \d+\n/)
  const left = await cli.json<{ actor: unknown }>(['search', '--ledger', 'tenant-a', 'actor:u-77'])
  expect(left.map(({ actor }) => actor)).toEqual([{ type: 'job', id: 'u-77' }])
})

test('receipts are added to the file, never written over', async () => {
  const cli = await commandLine()
  const file = join(temporaryDirectory(), 'receipts.ndjson')
  for (const _ of [1, 2]) await cli.json(['send', '--receipts', file], { input: someRecords(2) })
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  expect(lines.map((line) => (JSON.parse(line) as { index: number }).index)).toEqual([0, 1, 2, 3])
})
