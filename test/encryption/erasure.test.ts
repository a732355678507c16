/** An erasure on an encrypted ledger: neither what was said nor what it was sealed as is left in any file. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openContentKeys } from '@trailproof/server/ports'
import { expect, test } from 'vitest'
import { blindName } from '../../packages/server/src/search/blind-terms.ts'
import { run } from '../cli/command.ts'
import { changeStore } from '../support/damaged-ledger.ts'
import { masterKey } from '../support/master-key.ts'
import { type TestServer, testServer } from '../support/test-server.ts'

const PERSON = 'anna.karenina'

function allFiles({ data }: TestServer): Buffer {
  return Buffer.concat(readdirSync(data).map((name) => readFileSync(join(data, name))))
}

/** The middle of each sealed column: what a page of the file holds in one piece. */
function sealedParts(server: TestServer): Buffer[] {
  const parts: Buffer[] = []
  changeStore(server, (db) => {
    for (const row of db.prepare('SELECT salts, content FROM entry_block WHERE compressed >= 2').all())
      for (const column of ['salts', 'content'] as const)
        parts.push(Buffer.from(row[column] as Uint8Array).subarray(0, 60))
  })
  return parts
}

test('content, salts, their old ciphertext and their hashes in the index are gone; the rest stays readable', async () => {
  const { setting } = masterKey()
  const server = await testServer({ master_key: setting, record_reads: false })
  const { body } = await server.post(
    '/v1/events?wait=index',
    [PERSON, 'lewin', PERSON].map((id) => ({ action: 'order.placed', actor: { id } })),
  )
  const before = sealedParts(server)
  expect(before.length).toBeGreaterThanOrEqual(2)
  const keys = await openContentKeys({ masterKey: setting, data: server.data, keys: server.keys })
  // The index shortens what neighbouring terms begin with.
  const hash = blindName((await keys.indexKey('main'))!, 'actor.id', PERSON)!.name.slice(8)
  for (const part of before) expect(allFiles(server).includes(part)).toBe(true)
  expect(allFiles(server).includes(hash)).toBe(true)

  const ids = [0, 2].map((i) => body.receipts[i]!.id)
  const erased = await server.post('/v1/erasures', { ids, authority: 'GDPR Art. 17', reason: 'asked' })
  expect(erased.status).toBe(200)
  await server.running.stop()

  const bytes = allFiles(server)
  expect(bytes.includes(PERSON)).toBe(false)
  expect(bytes.includes(hash)).toBe(false)
  for (const part of before) expect(bytes.includes(part)).toBe(false)

  const { code, stdout } = await run(['verify', server.data, '--keys', server.keys, '--master-key', setting])
  expect(code).toBe(0)
  expect(stdout).toMatch(/^erased/)
  const again = await server.restart()
  const entries = await (await again.fetch('/v1/ledgers/main/entries?from=0&count=3')).text()
  expect(entries).toContain('lewin')
  expect(entries).not.toContain(PERSON)
})
