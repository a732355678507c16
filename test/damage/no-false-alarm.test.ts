/** Promise 2, the other half: an honest ledger never raises an alarm, however many write and whatever is killed. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { judge } from '../support/damaged-ledger.ts'
import { assertAllKept } from '../support/kept-receipts.ts'
import { seededRandom } from '../support/random.ts'
import { serverHome } from '../support/server-home.ts'
import { Supervisor } from '../support/supervisor.ts'
import { runWriters, type Written } from '../support/writers.ts'

const WRITERS = 50
const RECORDS = process.env['DAMAGE_FULL'] ? 10_000 : 200
const KILL_AFTER_MS = process.env['DAMAGE_FULL'] ? 3000 : 200
/** A run that never ends would be a defect of its own. */
const KILLS_MAX = 200

test(`${WRITERS} writers of ${RECORDS} records each, with kills in between, raise no alarm`, async () => {
  const home = serverHome()
  const random = seededRandom('CRASH_SEED')
  const supervisor = new Supervisor(home)
  const writing = runWriters(supervisor, {
    clients: WRITERS,
    random,
    batchMax: 50,
    proofShare: 0.05,
    textMax: 200,
    left: ({ own }) => RECORDS - own,
  })
  let kills = 0
  let written: Written | undefined
  void writing.then((all) => (written = all)).catch(() => undefined)
  try {
    while (kills < KILLS_MAX) {
      await supervisor.start()
      await Promise.race([writing, delay(50 + random.below(KILL_AFTER_MS))])
      if (written) break
      await supervisor.end('SIGKILL')
      kills++
    }
    const { kept, repeated } = await writing
    await supervisor.end('SIGTERM')
    const found = await assertAllKept(home, kept)
    console.log(JSON.stringify({ kills, repeated, seed: random.seed, ...found }))
    expect(found).toMatchObject({ entries: WRITERS * RECORDS, receipts: WRITERS * RECORDS })
    expect(kills).toBeGreaterThan(0)
    // As somebody else would judge it, with every checkpoint that was ever handed out.
    expect(await judge(home, [...new Set(kept.map(({ checkpoint }) => checkpoint))])).toMatchObject({
      verdict: 'intact',
      badCount: 0,
    })
  } catch (error) {
    supervisor.giveUp(error as Error)
    await writing.catch(() => undefined)
    throw new Error(`CRASH_SEED=${random.seed}`, { cause: error })
  }
}, 3_600_000)
