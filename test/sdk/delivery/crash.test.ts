/** Service and server killed with -9 under load: every record whose request went on is in the ledger, once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { seededRandom } from '../../support/random.ts'
import { serverHome } from '../../support/server-home.ts'
import { openStoredLedger } from '../../support/stored-ledger.ts'
import { Supervisor } from '../../support/supervisor.ts'
import { ADMIN_TOKEN } from '../../support/test-server.ts'

const SERVICE = fileURLToPath(new URL('./service-process.ts', import.meta.url))
const KILLS = Number(process.env['SDK_KILLS'] ?? 3)

interface Service {
  /** Resolves when the process is gone. */
  readonly ended: Promise<unknown>
  /** Resolves when it has answered so many requests. */
  answered(requests: number): Promise<void>
  kill(): void
}

function startService(args: readonly string[], safe: string[]): Service {
  const child = spawn(process.execPath, ['--conditions=trailproof-source', SERVICE, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let requests = 0
  let wanted: { readonly requests: number; readonly resolve: () => void } | undefined
  const lines = createInterface(child.stdout)
  lines.on('line', (id) => {
    safe.push(id)
    if (++requests >= (wanted?.requests ?? Infinity)) wanted?.resolve()
  })
  return {
    ended: Promise.all([once(child, 'exit'), once(lines, 'close')]),
    answered: (count) =>
      new Promise((resolve) => {
        wanted = { requests: count, resolve }
        if (requests >= count) resolve()
      }),
    kill: () => void child.kill('SIGKILL'),
  }
}

test.each(['disk', 'ack'])(
  'nothing that was safe (%s) is lost, nothing is there twice',
  async (mode) => {
    const random = seededRandom('SDK_CRASH_SEED')
    const home = serverHome()
    const directory = join(home.root, 'spool')
    const settings = { port: await freePort() }
    const url = `http://127.0.0.1:${settings.port}`
    const supervisor = new Supervisor(home, { settings })
    await supervisor.start()
    const safe: string[] = []
    const args = [url, ADMIN_TOKEN, directory, mode]
    for (let kill = 0; kill < KILLS; kill++) {
      const service = startService(args, safe)
      await service.answered(1 + random.below(400))
      const alsoServer = random.chance(0.7)
      const isBackBefore = random.chance(0.5)
      if (alsoServer) {
        await supervisor.end('SIGKILL')
        // Goes on without its server, for a while. Who waits for receipts has to have one, or the spool.
        if (mode === 'disk') await service.answered(400 + random.below(1_500))
        if (isBackBefore) await supervisor.start()
      }
      service.kill()
      await service.ended
      if (alsoServer && !isBackBefore) await supervisor.start()
    }
    const last = startService([...args, 'last'], safe)
    await last.ended
    expect(existsSync(directory) ? readdirSync(directory) : [], `SDK_CRASH_SEED=${random.seed}`).toEqual([])
    await supervisor.end('SIGTERM')
    await using ledger = await openStoredLedger(home)
    const ids = (await ledger.entries()).map(({ id }) => id)
    const distinct = new Set(ids)
    expect(distinct.size, `SDK_CRASH_SEED=${random.seed}`).toBe(ids.length)
    expect(
      safe.filter((id) => !distinct.has(id)),
      `SDK_CRASH_SEED=${random.seed}`,
    ).toEqual([])
    expect(safe.length).toBeGreaterThan(KILLS)
  },
  120_000,
)
