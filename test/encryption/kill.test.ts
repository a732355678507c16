/** Kill -9 while content is encrypted and keys change: what was acknowledged is there, once, provable and readable. */
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  addDataKey,
  addMasterKey,
  openKeyRing,
  readDataKeyFile,
  rewrapDataKeys,
} from '@trailproof/server/ports'
import { expect, test } from 'vitest'
import { assertAllKept } from '../support/kept-receipts.ts'
import { masterKey } from '../support/master-key.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { serverHome } from '../support/server-home.ts'
import type { ServerHome } from '../support/server-process.ts'
import { Supervisor } from '../support/supervisor.ts'
import { runWriters } from '../support/writers.ts'

const KILLS = Number(process.env['CRASH_KILLS'] ?? 8)
const CLIENTS = 8
/** After the start of the listening server; most commits of a burst lie within. */
const KILL_AFTER_MS = 300
/** About as long as a command takes: some are killed before, some while, and some after they replace a file. */
const COMMAND_MS = 4000

/** Runs `trailproof keys rotate` or `rewrap`, and kills it wherever it is by then. */
async function changeKeys(home: ServerHome, master: string, random: Random): Promise<void> {
  const command = random.chance(0.5) ? 'rotate' : 'rewrap'
  const child = spawn(
    process.execPath,
    [
      '--conditions=trailproof-source',
      resolve('packages/cli/src/main.ts'),
      'keys',
      command,
      '--data',
      home.data,
      '--keys',
      home.keys,
      '--master-key',
      master,
    ],
    { stdio: 'ignore' },
  )
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const kill = setTimeout(() => child.kill('SIGKILL'), random.below(COMMAND_MS))
  const code = await ended
  clearTimeout(kill)
  if (code !== null && code !== 0) throw new Error(`trailproof keys ${command} ended with ${code}`)
}

/** The same in this process, to its end: keys change however slow the machine is. */
async function changeKeysWhole(home: ServerHome, master: string): Promise<void> {
  const ring = await openKeyRing({ masterKey: master, data: home.data })
  await addDataKey(home.keys, 'main', ring)
  await rewrapDataKeys(home.keys, 'main', { from: ring, to: ring })
}

test(`${CLIENTS} clients lose nothing through ${KILLS} kills, while data keys and master keys change`, async () => {
  const master = masterKey()
  const home = { ...serverHome(), masterKey: master.setting }
  const random = seededRandom('CRASH_SEED')
  const supervisor = new Supervisor(home)
  let stopping = false
  const writers = runWriters(supervisor, {
    clients: CLIENTS,
    random,
    batchMax: 20,
    proofShare: 0.2,
    left: ({ all }) => (stopping ? 0 : all < 20_000 ? 20 : 1),
  })
  try {
    for (let kills = 0; kills < KILLS; kills++) {
      await supervisor.start()
      if (kills % 2 === 0) await changeKeys(home, master.setting, random)
      else await changeKeysWhole(home, master.setting)
      if (random.chance(0.3)) addMasterKey(master.path)
      await delay(random.below(KILL_AFTER_MS)) // the moment of the kill is the one thing left to chance
      await supervisor.end('SIGKILL')
    }
    stopping = true
    await supervisor.start()
    const { kept } = await writers
    expect(await supervisor.end('SIGTERM')).toMatchObject({ code: 0 })
    const found = await assertAllKept(home, kept)
    const dataKeys = readDataKeyFile(home.keys, 'main')!.data_keys.length
    console.log(JSON.stringify({ kills: KILLS, dataKeys, seed: random.seed, ...found }))
    expect(found.receipts).toBe(kept.length)
    expect(dataKeys).toBeGreaterThan(KILLS / 2)
  } catch (error) {
    supervisor.giveUp(error as Error)
    await writers.catch(() => undefined)
    throw new Error(`CRASH_SEED=${random.seed}`, { cause: error })
  }
}, 600_000)
