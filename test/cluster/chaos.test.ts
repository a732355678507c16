/**
 * Promise 1 for several servers: through kills, pauses, restarts and stalls of servers, database and broker, what was
 * acknowledged is there, once, and provable; no ledger forks.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { type ChaosCluster, startChaosCluster } from '../support/chaos-cluster.ts'
import { FAILOVER, type Fault, faultOf, KAFKA_FAULTS, PAUSE, REDIS_FAULTS } from '../support/chaos-faults.ts'
import { assertKeptIn } from '../support/kept-receipts.ts'
import { seededRandom } from '../support/random.ts'
import { openLedgerOn } from '../support/stored-ledger.ts'
import { ADMIN_TOKEN } from '../support/test-server.ts'
import { runWriters } from '../support/writers.ts'

const FAULTS = Number(process.env['CHAOS_FAULTS'] ?? 25)
const CLIENTS = 32
/** Bounds the ledger, however long the run; beyond, records go one by one. */
const RECORDS_MAX = 20_000
/** A server that is silent for longer is left for the other. */
const ANSWER_TIMEOUT_MS = 4_000
/** Of so many faults one is a pause and one a failover. */
const ROUND = 24
const IN_ROUND: Readonly<Record<number, Fault>> = { [ROUND / 3]: FAILOVER, [ROUND / 2]: PAUSE }
/** Before the next fault strikes; some strike while the last one is being recovered from. */
const BETWEEN_MS_MAX = 1_000
const PROGRESS = { timeout: 120_000, interval: 20 }

test.each([
  ['kafka' as const, KAFKA_FAULTS],
  ['redis' as const, REDIS_FAULTS],
])(
  `${CLIENTS} clients of two receivers, through %s to two sequencers, lose nothing through ${FAULTS} faults`,
  async (kind, faults) => {
    const random = seededRandom('CHAOS_SEED')
    const cluster = await startChaosCluster(kind)
    let isStopping = false
    let acknowledged = 0
    const writers = runWriters(cluster, {
      clients: CLIENTS,
      random,
      batchMax: 5,
      proofShare: 0.2,
      answerTimeoutMs: ANSWER_TIMEOUT_MS,
      isBrokered: true,
      left: ({ all }) => (isStopping ? 0 : all < RECORDS_MAX ? 5 : 1),
      onAcknowledged: () => acknowledged++,
    })
    writers.catch(() => undefined) // awaited below
    const failed = Promise.race([writers, ...cluster.servers.map(({ ended }) => ended)])
    /** When each fault struck, and what was answered until then: what a failure is read with. */
    const struck: string[] = []
    const struckNames: string[] = []
    const began = performance.now()
    try {
      for (let i = 0; i < FAULTS; i++) {
        const before = acknowledged
        const fault = IN_ROUND[i % ROUND] ?? faultOf(faults, random)
        struckNames.push(fault.name)
        struck.push(
          `${Math.round(performance.now() - began)} ms: ${fault.name}, ${acknowledged} answered before`,
        )
        await Promise.race([fault.strike(cluster, random), failed])
        // Every other fault meets a cluster that records again.
        if (random.chance(0.5))
          await Promise.race([vi.waitUntil(() => acknowledged > before, PROGRESS), failed])
        await delay(random.below(BETWEEN_MS_MAX)) // the moment of a fault is the one thing left to chance
      }
      const over = performance.now()
      const faultsMs = Math.round(over - began)
      isStopping = true
      const { kept, repeated } = await Promise.race([writers, failed.then(() => writers)])
      await caughtUp(cluster, kept.length)
      const catchUpMs = Math.round(performance.now() - over)
      const ends = cluster.servers.map(({ ends: counted }) => Object.fromEntries(counted))
      for (const server of cluster.servers) await server.stop()
      await using ledger = await openLedgerOn(cluster.database, cluster.keys)
      const found = await assertKeptIn(ledger, kept)
      expect(await ledger.reader.wrongIds(ledger.name)).toEqual({ first: undefined, count: 0 })
      console.log(
        JSON.stringify({
          kind,
          seed: random.seed,
          catchUpMs,
          faultsMs,
          struck: countsOf(struckNames),
          ends,
          repeated,
          ...found,
        }),
      )
      expect(found).toMatchObject({ receipts: kept.length, entries: kept.length })
    } catch (error) {
      throw new Error(`CHAOS_SEED=${random.seed}\n${struck.join('\n')}`, { cause: error })
    }
  },
  3_600_000,
)

/** Whoever answers searches says that it is ready, knows every record, and finds the last of them. */
async function caughtUp({ sequencers }: ChaosCluster, size: number): Promise<void> {
  // One that was killed just now does not answer; the next one does.
  for (const server of sequencers)
    await vi.waitUntil(async () => isCaughtUp((await server.server).url, size).catch(() => false), PROGRESS)
}

async function isCaughtUp(url: string, size: number): Promise<boolean> {
  const get = (path: string): Promise<Response> =>
    fetch(url + path, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  if (!(await get('/readyz')).ok) return false
  const ledger = (await (await get('/v1/ledgers/main')).json()) as { size: number }
  return ledger.size >= size && (await get(`/v1/search?min_index=${size - 1}&limit=1`)).ok
}

function countsOf(names: readonly string[]): Record<string, number> {
  const groups = Map.groupBy(names, (name) => name)
  return Object.fromEntries([...groups].map(([name, all]) => [name, all.length]))
}
