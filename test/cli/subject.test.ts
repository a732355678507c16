/** Everything that is kept of somebody, as they are given it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { commandLine } from './running-server.ts'

const REASON = ['--reason', 'request 4711 of the person']

function newFolder(): string {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-subject-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return join(root, 'anna')
}

async function filled() {
  const cli = await commandLine()
  const records = [
    { action: 'order.placed', actor: { type: 'user', id: 'anna-1', email: 'anna@example.com' } },
    { action: 'order.placed', actor: { type: 'user', id: 'anna-11' } },
    { action: 'account.closed', actor: { id: 'clerk' }, targets: [{ type: 'user', id: 'anna-1' }] },
    { action: 'job.run', actor: { id: 'batch', on_behalf_of: 'anna-1' } },
    { action: 'order.placed', actor: { type: 'service', id: 'ANNA-1' } },
  ]
  const input = records.map((record) => `${JSON.stringify(record)}\n`).join('')
  await cli.run(['send', '--wait'], { input })
  await cli.run(['search', 'actor:anna-1'])
  return cli
}

const lines = (folder: string, file: string) =>
  readFileSync(join(folder, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('holds all of theirs and nobody else’s, and is proved without the server', async () => {
  const cli = await filled()
  const [made] = await cli.json<{ token: string }>(['key', 'create', 'eve', '--role', 'auditor'])
  const out = newFolder()
  const run = await cli.run(['subject', 'export', 'anna-1', ...REASON, '--out', out, '--token', made!.token])
  expect(run.stderr).toBe('')
  expect(run.stdout).toMatch(/records\.ndjson +3\n/)
  expect(run.stdout).toMatch(/quarantine\.ndjson +not seen: .*quarantine/)

  const records = readFileSync(join(out, 'records.ndjson'), 'utf8')
  expect(records).toContain('anna@example.com')
  expect(records).not.toMatch(/anna-11|ANNA-1/)
  expect(lines(out, 'accesses.ndjson').length).toBeGreaterThanOrEqual(1)
  expect(readFileSync(join(out, 'accesses.ndjson'), 'utf8')).toContain('anna-1')
  expect(readFileSync(join(out, 'README.txt'), 'utf8')).toContain('records.ndjson         3')

  const verified = await cli.run([
    'verify',
    join(out, 'records.ndjson'),
    '--vkey',
    join(out, 'verifier-keys.txt'),
  ])
  expect(verified.stdout).toMatch(/^intact/)
  expect(verified.code).toBe(0)

  const recorded = await cli.json(['search', '--ledger', 'main.access', 'action:access.unmask'])
  expect(JSON.stringify(recorded)).toContain('request 4711 of the person')
})

test('by type, with what an owner may see beside records', async () => {
  const cli = await filled()
  await cli.run(['send'], { input: '{"action":17,"actor":{"id":"anna-1"}}\n{"action":"a.b"}' })
  const out = newFolder()
  const run = await cli.run(['subject', 'export', 'anna-1', '--type', 'service', ...REASON, '--out', out])
  // What names them as a text alone says no type, and counts.
  expect(run.stdout).toMatch(/records\.ndjson +1\n/)
  expect(run.stdout).toMatch(/quarantine\.ndjson +1\n/)
})

test('a folder that is there is not written to, and a viewer gets nothing', async () => {
  const cli = await filled()
  const out = newFolder()
  const [viewer] = await cli.json<{ token: string }>(['key', 'create', 'x', '--role', 'viewer'])
  const refused = await cli.run([
    'subject',
    'export',
    'anna-1',
    ...REASON,
    '--out',
    out,
    '--token',
    viewer!.token,
  ])
  expect(refused.code).toBe(6)
  expect(refused.stderr).toMatch(/unmask/)
  expect(existsSync(out)).toBe(true)
  const again = await cli.run(['subject', 'export', 'anna-1', ...REASON, '--out', out])
  expect(again.code).toBe(2)
  expect(again.stderr).toMatch(/cannot make the folder/)
})
