import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { formatVerifierKey } from '@trailproof/core'
import { expect, onTestFinished, test } from 'vitest'
import { ingest, linesOf, verifierKey } from '../support/export.ts'
import { smallDisk } from '../support/small-disk.ts'
import type { TestServer } from '../support/test-server.ts'
import { testServer } from '../support/test-server.ts'
import { temporaryDirectory } from './command.ts'
import { commandLine } from './running-server.ts'

const entriesIn = (file: string): string[] => linesOf(file).filter((line) => line.startsWith('{"index":'))

/** Passes requests on, and cuts each answer after `bytes`, as long as `cuts` are left. */
async function cuttingProxy(server: TestServer, bytes: number, cuts: { left: number }): Promise<string> {
  const proxy = createServer((incoming, outgoing) => {
    const { method, url, headers } = incoming
    request(server.url + url!, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      let passed = 0
      answer.on('data', (piece: Buffer) => {
        if (cuts.left <= 0) return void outgoing.write(piece)
        outgoing.write(piece.subarray(0, Math.max(0, bytes - passed)))
        passed += piece.length
        if (passed < bytes) return
        cuts.left--
        answer.destroy()
        outgoing.destroy()
      })
      answer.on('end', () => outgoing.end())
      answer.on('error', () => undefined)
    }).end()
  })
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve)
  })
  onTestFinished(() => {
    proxy.closeAllConnections()
    proxy.close()
  })
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
}

test('exports to a file and proves it, offline and against the server', async () => {
  const line = await commandLine()
  await ingest(line.server, 3000)
  const cwd = temporaryDirectory()
  const vkey = formatVerifierKey(await verifierKey(line.server))
  const { code, stderr } = await line.run(['export', 'action:payment.*', '--out', 'main.ndjson'], { cwd })
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(/^exported entries 0 to 2999 of ledger main, [\d,]+ bytes/),
  ])
  expect(existsSync(join(cwd, 'main.ndjson.partial'))).toBe(false)
  const verified = await line.run(['verify', 'export', 'main.ndjson', '--vkey', vkey], { cwd })
  expect(verified.code).toBe(0)
  expect(verified.stdout).toMatch(/^intact {2}export of ledger main\n/)
  expect(verified.stdout).toMatch(/entries 0 to 2999 of 3,000 entries: 1,000 shown, 2,000 not\n/)
  expect(verified.stdout).toMatch(/what matches action:payment\.\* at /)
  const unpinned = await line.run(['verify', 'main.ndjson'], { cwd })
  expect([unpinned.code, unpinned.stdout]).toEqual([
    4,
    expect.stringMatching(/^unproven .*none: give --vkey/s),
  ])
  const against = await line.run(['verify', 'export', 'main.ndjson', '--against', line.server.url], { cwd })
  expect([against.code, against.stdout]).toEqual([0, expect.stringMatching(/^intact .*not pinned/s)])
  const other = await commandLine()
  const elsewhere = await other.run(
    ['verify', 'export', 'main.ndjson', '--against', other.server.url, '--vkey', vkey],
    { cwd },
  )
  expect([elsewhere.code, elsewhere.stdout]).toEqual([4, expect.stringMatching(/^unproven .*served now/s)])
  const again = await line.run(['export', '--out', 'main.ndjson'], { cwd })
  expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/main\.ndjson is there already/)])
})

test('names the first bad line of a file, compressed or from stdin too', async () => {
  const line = await commandLine()
  await ingest(line.server, 20)
  const cwd = temporaryDirectory()
  const vkey = formatVerifierKey(await verifierKey(line.server))
  const { stdout: file } = await line.run(['export'])
  writeFileSync(join(cwd, 'whole.gz'), gzipSync(file))
  expect((await line.run(['verify', 'export', 'whole.gz', '--vkey', vkey], { cwd })).code).toBe(0)
  const [report] = await line.json(['verify', 'export', '-', '--vkey', vkey], { input: file })
  expect(report).toMatchObject({ verdict: 'intact', shown: 20, keys_from: 'pinned' })
  const lines = linesOf(file)
  const damaged = lines.toSpliced(7, 1).join('\n')
  const broken = await line.run(['verify', 'export', '-', '--vkey', vkey], { input: damaged })
  expect(broken.code).toBe(3)
  expect(broken.stdout).toMatch(/^broken .*first bad line {3}8 \(missing, entry 6\)\n.*entry 6 is missing/s)
  const torn = gzipSync(file)
  writeFileSync(join(cwd, 'torn.gz'), torn.subarray(0, torn.length - 200))
  expect((await line.run(['verify', 'export', 'torn.gz', '--vkey', vkey], { cwd })).code).toBe(3)
  expect((await line.run(['verify', 'export', 'none', '--vkey', vkey], { cwd })).code).toBe(2)
})

test('goes on by itself where the connection was cut, to a file and to stdout', async () => {
  const line = await commandLine()
  await ingest(line.server, 6000)
  const vkey = formatVerifierKey(await verifierKey(line.server))
  const cwd = temporaryDirectory()
  const url = await cuttingProxy(line.server, 1_500_000, { left: 2 })
  const { code, stderr } = await line.run(['export', '--url', url, '--out', 'main.ndjson'], { cwd })
  expect([code, stderr]).toEqual([0, expect.stringMatching(/the export was cut: .*; again in /)])
  const file = readFileSync(join(cwd, 'main.ndjson'), 'utf8')
  expect((await line.run(['verify', 'main.ndjson', '--vkey', vkey], { cwd })).code).toBe(0)
  const twice = await cuttingProxy(line.server, 1_500_000, { left: 2 })
  const { stdout } = await line.run(['export', '--url', twice])
  expect(entriesIn(stdout)).toEqual(entriesIn(file))
})

test('an unfinished file is gone on with after its last mark', async () => {
  const line = await commandLine()
  await ingest(line.server, 6000)
  const vkey = formatVerifierKey(await verifierKey(line.server))
  const { stdout: file } = await line.run(['export', 'action:order.*'])
  const bytes = Buffer.from(file)
  const headerEnd = bytes.indexOf(0x0a) + 1
  const cutAt = [
    headerEnd,
    headerEnd + 10,
    700_000,
    bytes.length - 1,
    bytes.length,
    Math.floor(bytes.length * 0.9),
  ]
  for (const end of cutAt) {
    const cwd = temporaryDirectory()
    writeFileSync(join(cwd, 'a.partial'), bytes.subarray(0, end))
    const { code, stderr } = await line.run(['export', '--out', 'a', '--resume'], { cwd })
    expect([end, code, stderr]).toEqual([end, 0, expect.stringContaining('exported entries 0 to 5999')])
    expect(readFileSync(join(cwd, 'a')).equals(bytes)).toBe(true)
  }
  const cwd = temporaryDirectory()
  writeFileSync(join(cwd, 'a.partial'), bytes.subarray(0, 700_000))
  const begun = await line.run(['export', '--out', 'a'], { cwd })
  expect([begun.code, begun.stderr]).toEqual([2, expect.stringMatching(/a\.partial is there.*\n.*--resume/)])
  const asked = await line.run(['export', 'action:x', '--out', 'a', '--resume'], { cwd })
  expect([asked.code, asked.stderr]).toEqual([2, expect.stringMatching(/leave out query/)])
  // A mark of another server: refused there, and the file is left as it is.
  const other = await testServer()
  await ingest(other, 6000)
  const refused = await line.run(['export', '--out', 'a', '--resume', '--url', other.url], { cwd })
  expect([refused.code, refused.stderr]).toEqual([6, expect.stringMatching(/mark: not one of this export/)])
  expect(readFileSync(join(cwd, 'a.partial')).length).toBeGreaterThan(100_000)
  writeFileSync(join(cwd, 'b.partial'), 'something else\n')
  expect((await line.run(['export', '--out', 'b', '--resume'], { cwd })).code).toBe(6)
  writeFileSync(join(cwd, 'c.partial'), bytes.subarray(0, 20))
  expect((await line.run(['export', '--out', 'c', '--resume'], { cwd })).code).toBe(2)
  expect((await line.run(['export', '--resume'], { cwd })).code).toBe(2)
  expect((await line.run(['verify', 'export', 'a.partial', '--vkey', vkey], { cwd })).code).toBe(3)
})

test('a full disk is told, and the export goes on once there is room', async () => {
  const line = await commandLine()
  await ingest(line.server, 6000)
  const disk = smallDisk(16)
  const cwd = dirname(disk.data)
  disk.fillTo(1_500_000)
  const full = await line.run(['export', '--out', 'a'], { cwd })
  expect([full.code, full.stderr]).toEqual([
    2,
    expect.stringMatching(/cannot write a\.partial: ENOSPC.*\n.*--resume/),
  ])
  disk.empty()
  expect((await line.run(['export', '--out', 'a', '--resume'], { cwd })).code).toBe(0)
  const vkey = formatVerifierKey(await verifierKey(line.server))
  expect((await line.run(['verify', 'a', '--vkey', vkey], { cwd })).code).toBe(0)
})

test('what is refused leaves no file, and a server that is gone has its exit code', async () => {
  const line = await commandLine()
  const cwd = temporaryDirectory()
  const refused = await line.run(['export', 'action:(', '--out', 'a'], { cwd })
  expect([refused.code, refused.stderr]).toEqual([6, expect.stringMatching(/\^/)])
  expect((await line.run(['export', '--out', 'a', '--token', 'no'], { cwd })).code).toBe(6)
  expect((await line.run(['export', '--from-index', '9', '--out', 'a'], { cwd })).code).toBe(6)
  expect(existsSync(join(cwd, 'a.partial'))).toBe(false)
})

test('gives CSV and OCSF, of a range of entries and of time', async () => {
  const line = await commandLine()
  await ingest(line.server, 30)
  const csv = await line.run([
    'export',
    '--format',
    'csv',
    '--fields',
    'actor.id',
    '--from-index',
    '3',
    '--to-index',
    '6',
  ])
  expect(csv.stdout.split('\r\n')).toHaveLength(5)
  const ocsf = await line.run(['export', '--format', 'ocsf', '--last', '1h', 'action:payment.*'])
  expect(linesOf(ocsf.stdout)).toHaveLength(10)
  const none = await line.run(['export', '--format', 'ocsf', '--to', '2020-01-01T00:00:00Z'])
  expect([none.code, none.stdout]).toEqual([0, ''])
})
