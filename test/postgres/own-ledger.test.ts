/** Several writers on one PostgreSQL: which of them has a ledger, and what the others leave alone. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type CommitBatch, LedgerWriter } from '@trailproof/server/ports'
import { openPostgresLedgerReader } from '@trailproof/server/postgres'
import { expect, onTestFinished, test } from 'vitest'
import { startCuttingProxy } from '../support/cutting-proxy.ts'
import { onEachPostgres } from '../support/each-postgres.ts'
import { migrated } from '../support/migrated-database.ts'

onEachPostgres((postgres) => {
  test.each(['before', 'after'] as const)(
    'a connection cut %s the take-over leaves the ledger to be opened the next time',
    async (cut) => {
      const url = await migrated(await postgres.database())
      const { port } = postgres.server()
      await using proxy = await startCuttingProxy(port)
      const keys = mkdtempSync(join(tmpdir(), 'trailproof-keys-'))
      onTestFinished(() => rmSync(keys, { recursive: true, force: true }))
      const database = url.replace(`:${port}/`, `:${proxy.port}/`)
      const open = (): Promise<LedgerWriter> =>
        LedgerWriter.open({ data: keys, keys, database, lockDatabase: database, sharesLedgers: true })
      await (await open()).close() // makes `main`
      const writer = await open()
      proxy.at('SET epoch = epoch + 1', cut)
      await expect(writer.own('main')).rejects.toMatchObject({ name: 'TrailproofError' })
      expect(await writer.own('main')).toEqual({ kind: 'open' })
      await writer.close()
    },
  )
  test('one that ends leaves the checkpoint of whoever has taken the ledger over', async () => {
    const database = await migrated(await postgres.database())
    const keys = mkdtempSync(join(tmpdir(), 'trailproof-keys-'))
    onTestFinished(() => rmSync(keys, { recursive: true, force: true }))
    const open = (): Promise<LedgerWriter> =>
      LedgerWriter.open({ data: keys, keys, database, lockDatabase: database, sharesLedgers: true })
    const first = await open()
    await first.commit([batch()])
    const second = await open()
    await second.own('main')
    await second.commit([batch()])
    await second.close()
    await first.close()
    const third = await open()
    expect((await third.ledgers()).map(({ size }) => size)).toEqual([2])
    await third.close()
  })

  test('whoever has the successor of a closed ledger says what is erased of that, once', async () => {
    const database = await migrated(await postgres.database())
    const keys = mkdtempSync(join(tmpdir(), 'trailproof-keys-'))
    onTestFinished(() => rmSync(keys, { recursive: true, force: true }))
    const open = (): Promise<LedgerWriter> =>
      LedgerWriter.open({ data: keys, keys, database, lockDatabase: database, sharesLedgers: true })
    const first = await open()
    await first.commit([batch()])
    await first.succeed('main', 'restored')
    const second = await open()
    const request = { ledger: 'main', ranges: [{ from: 0, to: 1 }], authority: 'court', reason: 'asked' }
    const { erasure, receipts } = await second.recordErasure(request)
    expect(receipts).toMatchObject({ ledger: 'main-2', size: 2 })
    expect(second.listedErasures('main')).toEqual([erasure])
    expect(erasure).toMatchObject({ ledger: 'main-2', ranges: request.ranges })
    await second.destroy('main', erasure.ranges)
    await using reader = await openPostgresLedgerReader(database)
    const entries = await reader.readEntries('main', 0, 1)
    expect(entries).toMatchObject([{ core: { kind: 'present' }, personal: { kind: 'erased' } }])
    for (const writer of [second, first]) await writer.close()
    const third = await open()
    await third.own('main-2')
    expect((await third.ledgers()).map(({ name, size }) => [name, size])).toEqual([
      ['main', 1],
      ['main-2', 2],
    ])
    await third.close()
  })
})

function batch(): CommitBatch {
  const [ids, digests, bytes] = [randomBytes(16), randomBytes(16), Buffer.from('{}{}')]
  return { ledger: 'main', count: 1, ids, digests, lengths: new Uint32Array([2, 2]), bytes }
}
