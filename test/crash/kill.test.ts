/** Promise 1, against kill -9: what was acknowledged is there, once, and provable, wherever the kills fell. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { assertAllKept } from '../support/kept-receipts.ts'
import { seededRandom } from '../support/random.ts'
import { serverHome } from '../support/server-home.ts'
import { Supervisor } from '../support/supervisor.ts'
import { runWriters } from '../support/writers.ts'

const KILLS = Number(process.env['CRASH_KILLS'] ?? 30)
const CLIENTS = 32
/** After the start of the listening server; most commits of a burst lie within. */
const KILL_AFTER_MS = 300
/** After the start of the process: about as long as a start takes, so that some fall into recovery. */
const KILL_STARTING_AFTER_MS = 1500
/** Bounds the ledger and the memory of the test, however fast the machine. */
const RECORDS_MAX = 400_000

test(`${CLIENTS} clients lose nothing through ${KILLS} kills at random moments`, async () => {
  const home = serverHome()
  const random = seededRandom('CRASH_SEED')
  const supervisor = new Supervisor(home)
  let stopping = false
  let starting = 0
  const writers = runWriters(supervisor, {
    clients: CLIENTS,
    random,
    batchMax: 20,
    proofShare: 0.2,
    // Beyond the bound they go on one by one, so that every kill meets writers.
    left: ({ all }) => (stopping ? 0 : all < RECORDS_MAX ? 20 : 1),
  })
  try {
    for (let kills = 0; kills < KILLS; kills++) {
      if (random.chance(0.25)) {
        starting++
        await supervisor.startAndKill(random.below(KILL_STARTING_AFTER_MS))
        continue
      }
      await supervisor.start()
      await delay(random.below(KILL_AFTER_MS)) // the moment of the kill is the one thing left to chance
      await supervisor.end('SIGKILL')
    }
    stopping = true
    await supervisor.start()
    const { kept, repeated } = await writers
    expect(await supervisor.end('SIGTERM')).toMatchObject({ code: 0 })
    const found = await assertAllKept(home, kept)
    console.log(JSON.stringify({ kills: KILLS, starting, repeated, seed: random.seed, ...found }))
    expect(found.receipts).toBe(kept.length)
  } catch (error) {
    supervisor.giveUp(error as Error)
    await writers.catch(() => undefined)
    throw new Error(`CRASH_SEED=${random.seed}`, { cause: error })
  }
}, 3_600_000)
