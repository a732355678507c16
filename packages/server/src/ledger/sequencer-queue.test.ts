import { expect, test, vi } from 'vitest'
import { TrailproofError } from '../trailproof-error.ts'
import { type CommitBatch, type CommitReceipts, packRecords } from './commit-batch.ts'
import { SequencerQueue } from './sequencer-queue.ts'

const ID = '01890a5d-ac96-774b-bcce-b302099a8057'
const records = (count: number) =>
  packRecords(
    Array.from({ length: count }, () => ({ id: ID, digest: new Uint8Array(16), core: '{}', personal: '{}' })),
  )

const receiptsOf = ({ ledger, count }: CommitBatch): CommitReceipts => ({
  ledger,
  checkpoint: 'checkpoint',
  size: count,
  statuses: new Uint8Array(count),
  indexes: Float64Array.from({ length: count }, (_, i) => i),
  recordedAt: new Float64Array(count),
  leafHashes: new Uint8Array(32 * count),
})

/** A sequencer whose commits wait until they are let through. */
function heldSequencer(): {
  batches: number[]
  commit: ConstructorParameters<typeof SequencerQueue>[0]
  release(): void
} {
  const gate = Promise.withResolvers<void>()
  const batches: number[] = []
  return {
    batches,
    release: () => gate.resolve(),
    async commit(given) {
      batches.push(...given.map(({ count }) => count))
      await gate.promise
      return given.map(receiptsOf)
    },
  }
}

const unexpected = (error: Error): never => {
  throw error
}
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))

test('what waits for the disk goes into one commit, and each request is told its own place', async () => {
  const held = heldSequencer()
  const queue = new SequencerQueue(held.commit, unexpected)
  const first = [queue.append('main', records(1))]
  await turn()
  first.push(queue.append('main', records(1)))
  await turn()
  const waiting = [3, 4, 5].map((count) => queue.append('main', records(count)))
  held.release()
  await Promise.all(first)
  expect((await Promise.all(waiting)).map(({ offset, count }) => [offset, count])).toEqual([
    [0, 3],
    [3, 4],
    [7, 5],
  ])
  expect(held.batches).toEqual([1, 1, 12])
})

test('refuses what is beyond its bound, in records and in bytes, and takes again when there is room', async () => {
  for (const bound of [{ waitingRecordsMax: 10 }, { waitingBytesMax: 40 }]) {
    const held = heldSequencer()
    const queue = new SequencerQueue(held.commit, unexpected, bound)
    const taken = queue.append('main', records(8))
    await expect(queue.append('main', records(3))).rejects.toMatchObject({
      code: 'OVERLOADED',
      retryable: true,
    })
    held.release()
    await taken
    expect(queue.waitingRecords).toBe(0)
    expect((await queue.append('main', records(3))).count).toBe(3)
  }
})

test('draining commits what waits and refuses what comes', async () => {
  const held = heldSequencer()
  const queue = new SequencerQueue(held.commit, unexpected)
  const taken = queue.append('main', records(2))
  const drained = queue.drain()
  await expect(queue.append('main', records(1))).rejects.toMatchObject({ code: 'STOPPING', retryable: true })
  held.release()
  await drained
  expect((await taken).count).toBe(2)
})

test('a commit that failed is answered to nobody: it may have happened', async () => {
  const fatal = Promise.withResolvers<Error>()
  const queue = new SequencerQueue(() => Promise.reject(new Error('the disk is gone')), fatal.resolve)
  let answered = false
  void queue.append('main', records(1)).finally(() => {
    answered = true
  })
  expect((await fatal.promise).message).toBe('the disk is gone')
  await turn()
  expect(answered).toBe(false)
})

test('where the store may be away, what failed is refused, what comes meanwhile too, and then it goes on', async () => {
  const away = new TrailproofError('OUTCOME_UNKNOWN', 'the connection was lost')
  let commits = 0
  const back = Promise.withResolvers<void>()
  let recoveries = 0
  const queue = new SequencerQueue(
    async (batches) => {
      if (++commits === 1) throw away
      return batches.map(receiptsOf)
    },
    unexpected,
    {
      recovery: {
        appliesTo: (error) => error === away,
        async recover() {
          if (++recoveries === 1) throw new Error('not yet')
          await back.promise
        },
      },
    },
  )
  const refused = { code: 'STORE_UNAVAILABLE', retryable: true }
  await expect(queue.append('main', records(2))).rejects.toMatchObject(refused)
  await expect(queue.append('main', records(1))).rejects.toMatchObject(refused)
  expect(queue.waitingRecords).toBe(0)
  back.resolve()
  await vi.waitUntil(() =>
    queue.append('main', records(1)).then(
      () => true,
      () => false,
    ),
  )
  expect(recoveries).toBe(2)
  await queue.drain()
})

test('an error that it knows no way on from is fatal all the same', async () => {
  const fatal = Promise.withResolvers<Error>()
  const broken = new Error('broken')
  const recovery = { appliesTo: () => false, recover: async () => undefined }
  const queue = new SequencerQueue(() => Promise.reject(broken), fatal.resolve, { recovery })
  void queue.append('main', records(1))
  expect(await fatal.promise).toBe(broken)
})

test('what is for a ledger that was deleted is refused, and the others of its commit are told their places', async () => {
  const queue = new SequencerQueue(
    async (batches) => batches.filter(({ ledger }) => ledger !== 'gone').map(receiptsOf),
    unexpected,
  )
  const gone = [queue.append('gone', records(1)), queue.append('gone', records(2))]
  const main = queue.append('main', records(1))
  for (const each of gone)
    await expect(each).rejects.toMatchObject({ code: 'LEDGER_CLOSED', retryable: false })
  expect(await main).toMatchObject({ offset: 0, count: 1 })
  expect(queue.waitingRecords).toBe(0)
  expect(await queue.append('main', records(1))).toMatchObject({ count: 1 })
})
