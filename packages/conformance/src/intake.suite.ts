/** What every IntakeBroker must do, with the receivers' and the sequencers' halves that work on it. */
import { randomBytes } from 'node:crypto'
import {
  BrokerIntake,
  type Delivery,
  type Intake,
  type IntakeBroker,
  IntakeConsumer,
  type IntakeConsumerDeps,
  type PackedRecords,
  TrailproofError,
} from '@trailproof/server/ports'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CountedLedgers, indexesOf } from './counted-ledgers.ts'

export interface IntakeDriver {
  readonly name: string
  /** A client of the broker; those with the same `place` share their messages. */
  open(place: string): Promise<IntakeBroker>
}

const PATIENCE = { timeout: 30_000, interval: 20 }

export function intakeSuite(driver: IntakeDriver): void {
  describe(`Intake: ${driver.name}`, { timeout: 60_000 }, () => {
    let place: string
    const opened: (AsyncDisposable | { stop(): Promise<void> })[] = []
    beforeEach(() => {
      place = `t${randomBytes(6).toString('hex')}`
    })
    afterEach(async () => {
      for (const part of opened.splice(0).toReversed())
        await ('stop' in part ? part.stop() : part[Symbol.asyncDispose]())
    })

    async function broker(): Promise<IntakeBroker> {
      const made = await driver.open(place)
      opened.push(made)
      return made
    }

    async function receiver(options?: Parameters<typeof BrokerIntake.open>[1]): Promise<BrokerIntake> {
      return BrokerIntake.open(await broker(), options)
    }

    async function sequencer(
      ledgers: CountedLedgers,
      deps: Partial<IntakeConsumerDeps> = {},
    ): Promise<IntakeConsumer> {
      const consumer = new IntakeConsumer(
        {
          broker: await broker(),
          openQueue: ledgers.openQueue,
          own: async (ledger) => ({ kind: 'owned', ledger }),
          takeForeign: async () => Promise.reject(new Error('no JSON was sent')),
          putAside: async ({ place: at }, reason) => Promise.reject(new Error(`${at}: ${reason}`)),
          recover: async () => undefined,
          onFailure: () => undefined,
          ...deps,
        },
        { retryDelayMs: 10 },
      )
      opened.push(consumer)
      consumer.start()
      await vi.waitUntil(() => consumer.isConsuming, PATIENCE)
      return consumer
    }

    test('answers with the places of the records once they are committed', async () => {
      const ledgers = new CountedLedgers()
      const [intake] = await Promise.all([receiver(), sequencer(ledgers)])
      const first = await intake.append('main', records(3))
      const second = await intake.append('main', records(2))
      const other = await intake.append('other', records(1))
      expect(indexesOf(first)).toEqual([0, 1, 2])
      expect(indexesOf(second)).toEqual([3, 4])
      expect(indexesOf(other)).toEqual([0])
      expect(second.receipts).toMatchObject({ ledger: 'main', checkpoint: 'main 5', size: 5 })
      expect([...first.receipts.leafHashes]).toEqual(Array.from({ length: 96 }, () => 3))
    })

    test('keeps the order of each ledger, and answers many at once', async () => {
      const ledgers = new CountedLedgers()
      const [intake] = await Promise.all([receiver(), sequencer(ledgers)])
      const sent = Array.from({ length: 300 }, (_, i) => ({ ledger: `l-${i % 3}`, records: records(2) }))
      await Promise.all(sent.map(async (one) => intake.append(one.ledger, one.records)))
      for (const ledger of ['l-0', 'l-1', 'l-2'])
        expect(ledgers.entries.get(ledger)).toEqual(
          sent.filter((one) => one.ledger === ledger).flatMap((one) => idsOf(one.records)),
        )
      expect(intake.waitingRecords).toBe(0)
      expect(intake.waitingBytes).toBe(0)
    })

    test('records sent again are found, not recorded twice', async () => {
      const ledgers = new CountedLedgers()
      const [intake] = await Promise.all([receiver(), sequencer(ledgers)])
      const sent = records(4)
      await intake.append('main', sent)
      const again = await intake.append('main', sent)
      expect(indexesOf(again)).toEqual([0, 1, 2, 3])
      expect([...again.receipts.statuses]).toEqual([1, 1, 1, 1])
    })

    test('a commit whose answer is lost is found when its sender comes again', async () => {
      const ledgers = new CountedLedgers()
      const silent = await broker()
      let lost = 0
      silent.reply = () =>
        lost++ === 0 ? Promise.reject(new Error('the way back is cut')) : Promise.resolve()
      const intake = await receiver({ answerTimeoutMs: 500 })
      const consumer = await sequencer(ledgers, { broker: silent })
      const sent = records(2)
      await expect(intake.append('main', sent)).rejects.toMatchObject({ retryable: true })
      await vi.waitUntil(() => ledgers.entries.get('main')?.length === 2, PATIENCE)
      await consumer.stop()
      await sequencer(ledgers)
      const again = await intake.append('main', sent)
      expect([...again.receipts.statuses]).toEqual([1, 1])
      expect(ledgers.entries.get('main')).toEqual(idsOf(sent))
    })

    test('what was published while no sequencer ran is recorded when one does', async () => {
      const intake = await receiver()
      const sent = [records(2), records(3)]
      for (const one of sent) await intake.enqueue('main', one)
      const ledgers = new CountedLedgers()
      await sequencer(ledgers)
      await vi.waitUntil(() => ledgers.entries.get('main')?.length === 5, PATIENCE)
      expect(ledgers.entries.get('main')).toEqual(sent.flatMap(idsOf))
    })

    test('a request that no sequencer answers in time is told to come again', async () => {
      const intake = await receiver({ answerTimeoutMs: 50 })
      await expect(intake.append('main', records(1))).rejects.toMatchObject({
        code: 'BROKER_UNAVAILABLE',
        retryable: true,
      })
      expect(intake.waitingRecords).toBe(0)
    })

    test('too many unanswered records are refused, and none of them is published', async () => {
      const intake = await receiver({ answerTimeoutMs: 60_000, waitingRecordsMax: 10 })
      const first = intake.append('main', records(8))
      await expect(intake.append('main', records(3))).rejects.toMatchObject({
        code: 'OVERLOADED',
        retryable: true,
      })
      const ledgers = new CountedLedgers()
      await sequencer(ledgers)
      expect(indexesOf(await first)).toHaveLength(8)
      expect(ledgers.entries.get('main')).toHaveLength(8)
    })

    test('after a commit that failed, everything comes again in order', async () => {
      const ledgers = new CountedLedgers()
      ledgers.failing = (commit) => (commit % 3 === 2 ? new Error('the disk is gone') : undefined)
      const failures: string[] = []
      let recovered = 0
      const [intake] = await Promise.all([
        receiver(),
        sequencer(ledgers, {
          onFailure: ({ message }) => failures.push(message),
          recover: async () => void recovered++,
        }),
      ])
      const sent = Array.from({ length: 12 }, () => records(5))
      for (const one of sent) await intake.append('main', one)
      expect(ledgers.entries.get('main')).toEqual(sent.flatMap(idsOf))
      expect(failures).toContain('the disk is gone')
      expect(recovered).toBe(failures.length)
    })

    test('what one sequencer has taken and not done goes to the next', async () => {
      const stuck: Delivery[] = []
      const first = await broker()
      const consumption = await first.consume({
        take: async (delivery) => void stuck.push(delivery),
        onFailure: () => undefined,
      })
      const intake = await receiver({ answerTimeoutMs: 60_000 })
      const answers = [records(2), records(3)].map(async (one) => intake.append('main', one))
      await vi.waitUntil(() => stuck.length === 2, PATIENCE)
      await consumption[Symbol.asyncDispose]()
      const ledgers = new CountedLedgers()
      await sequencer(ledgers)
      expect((await Promise.all(answers)).map(indexesOf)).toEqual([
        [0, 1],
        [2, 3, 4],
      ])
    })

    test('what is done does not come again', async () => {
      const ledgers = new CountedLedgers()
      const [intake, consumer] = await Promise.all([receiver(), sequencer(ledgers)])
      await intake.append('main', records(3))
      await consumer.stop()
      const later = new CountedLedgers()
      await sequencer(later)
      await intake.append('main', records(1))
      expect(later.entries.get('main')).toHaveLength(1)
    })

    test('sequencers come and go, and every record is recorded', async () => {
      const ledgers = new CountedLedgers()
      const intake = await receiver({ answerTimeoutMs: 60_000 })
      const first = await sequencer(ledgers)
      const answers: Promise<unknown>[] = []
      const send = (from: number, to: number): void => {
        for (let i = from; i < to; i++) answers.push(intake.append(`l-${i % 7}`, records(1)))
      }
      send(0, 100)
      await sequencer(ledgers)
      send(100, 200)
      await first.stop()
      send(200, 300)
      await Promise.all(answers)
      expect([...ledgers.entries.values()].flat()).toHaveLength(300)
    })

    test('messages that are damaged are put aside, and those behind them recorded', async () => {
      const ledgers = new CountedLedgers()
      const aside: string[] = []
      const [intake] = await Promise.all([
        receiver(),
        sequencer(ledgers, { putAside: async (_, reason) => void aside.push(reason) }),
      ])
      const raw = await broker()
      for (const damaged of DAMAGED) await raw.publish('main', damaged)
      expect(indexesOf(await intake.append('main', records(2)))).toEqual([0, 1])
      expect(aside).toHaveLength(DAMAGED.length)
    })

    test('records that only the server itself writes come from no broker', async () => {
      const ledgers = new CountedLedgers()
      const aside: string[] = []
      const [intake] = await Promise.all([
        receiver(),
        sequencer(ledgers, { putAside: async (_, reason) => void aside.push(reason) }),
      ])
      for (const action of ['trailproof.erasure', String.raw`\u0074railproof.hold`]) {
        const core = Buffer.from(`{"action":"${action}"}`)
        const forged = { ...records(1), lengths: Uint32Array.of(core.length, 0), bytes: core }
        intake.append('main', forged).catch(() => undefined) // nobody answers
      }
      await vi.waitUntil(() => aside.length === 2, PATIENCE)
      expect(indexesOf(await intake.append('main', records(1)))).toEqual([0])
    })

    test('a message that cannot be put aside is not lost', async () => {
      const ledgers = new CountedLedgers()
      let refusals = 3
      const aside: string[] = []
      await sequencer(ledgers, {
        putAside: async (_, reason) => {
          if (refusals-- > 0) throw new Error('the quarantine is full')
          aside.push(reason)
        },
      })
      await (await broker()).publish('main', DAMAGED[0]!)
      await vi.waitUntil(() => aside.length === 1, PATIENCE)
    })

    test('JSON of others is handed over as it came', async () => {
      const ledgers = new CountedLedgers()
      const foreign: string[] = []
      await sequencer(ledgers, {
        takeForeign: async ({ bytes }: Delivery, queue: Intake) => {
          foreign.push(Buffer.from(bytes).toString())
          await queue.append('main', records(1))
        },
      })
      await (await broker()).publish('main', Buffer.from('{"action":"user.login"}'))
      await vi.waitUntil(() => ledgers.entries.get('main')?.length === 1, PATIENCE)
      expect(foreign).toEqual(['{"action":"user.login"}'])
    })

    test('a ledger that cannot be written is told to whoever waits; other messages are put aside', async () => {
      const aside: string[] = []
      const error = new TrailproofError('LEDGER_UNKNOWN', 'there is no ledger nope')
      const ledgers = new CountedLedgers()
      const [intake] = await Promise.all([
        receiver(),
        sequencer(ledgers, {
          own: async (ledger) => (ledger === 'nope' ? { kind: 'refused', error } : { kind: 'owned', ledger }),
          putAside: async (_, reason) => void aside.push(reason),
        }),
      ])
      await expect(intake.append('nope', records(1))).rejects.toMatchObject({
        code: 'LEDGER_UNKNOWN',
        message: 'there is no ledger nope',
        retryable: false,
      })
      await intake.enqueue('nope', records(1))
      await vi.waitUntil(() => aside.length === 1, PATIENCE)
    })

    test('records go to what succeeded their ledger', async () => {
      const ledgers = new CountedLedgers()
      const [intake] = await Promise.all([
        receiver(),
        sequencer(ledgers, { own: async (ledger) => ({ kind: 'owned', ledger: `${ledger}-2` }) }),
      ])
      expect((await intake.append('main', records(1))).receipts.ledger).toBe('main-2')
    })

    test('says how much waits, and that it can be reached', async () => {
      const ledgers = new CountedLedgers()
      const consumer = await sequencer(ledgers)
      expect(await consumer.lag()).toBe(0)
      await expect((await broker()).check()).resolves.toBeUndefined()
    })
  })
}

/** They begin like messages of ours. */
const DAMAGED = [
  Buffer.from('TPI1\0\0\0\0'),
  Buffer.from('TPI1\xff\xff\xff\xff{}', 'latin1'),
  Buffer.from('TPI1\0\0\0\x02{}', 'latin1'),
  Buffer.from('TPI1\0\0\0\x1d{"ledger":"main","count":1e9}', 'latin1'),
  Buffer.from('TPI1\0\0\0\x1b{"ledger":"main","count":1}abc', 'latin1'),
]

function records(count: number): PackedRecords {
  const bytes = Buffer.from(randomBytes(5 * count).toString('hex'))
  return {
    count,
    ids: randomBytes(16 * count),
    digests: randomBytes(16 * count),
    lengths: new Uint32Array(2 * count).fill(5),
    bytes,
  }
}

function idsOf({ ids, count }: PackedRecords): string[] {
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(ids.subarray(16 * i, 16 * i + 16)).toString('hex'),
  )
}
