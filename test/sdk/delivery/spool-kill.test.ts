/** Processes killed with -9 while they append: what resolved is found by the next one, once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { createSpool } from '../../../packages/sdk/src/delivery/spool/spool.ts'
import { seededRandom } from '../../support/random.ts'
import { fakeClock } from './fake-clock.ts'
import { seqsOf } from './scripted-sink.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const WRITER = fileURLToPath(new URL('./spool-writer-process.ts', import.meta.url))
const ROUNDS = 6
const WRITERS = 2

/** Kills the process once it has resolved so many appends; gives all that it has said. */
async function appendUntilKilled(
  directory: string,
  stream: string,
  from: number,
  appends: number,
  sync: string,
): Promise<number[]> {
  const args = ['--conditions=trailproof-source', WRITER, directory, stream, String(from), sync]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const resolved: number[] = []
  const lines = createInterface(child.stdout)
  lines.on('line', (line) => {
    if (resolved.push(Number(line)) === appends) child.kill('SIGKILL')
  })
  await Promise.all([once(child, 'exit'), once(lines, 'close')])
  return resolved
}

test.each(['', 'sync'])(
  'every resolved append is found, none twice, also across several deaths %s',
  async (sync) => {
    const random = seededRandom('SPOOL_SEED')
    const directory = temporaryDirectory()
    const resolved: number[] = []
    const found: number[] = []
    let from = 0
    for (let round = 0; round < ROUNDS; round++) {
      const writers = Array.from({ length: WRITERS }, () => {
        from += 1_000_000
        return appendUntilKilled(directory, `w${from}`, from, 1 + random.below(2_000), sync)
      })
      resolved.push(...(await Promise.all(writers)).flat())
      const next = createSpool({ directory, stream: `reader${round}`, clock: fakeClock() })
      await next.open(() => undefined)
      for (;;) {
        const { records, own, damaged } = await next.oldest({ recordsMax: 500, bytesMax: 2 ** 20 })
        expect(damaged).toBe(0)
        if (records.length === 0) break
        expect(own).toBe(false)
        found.push(...seqsOf(records))
        await next.settle(records.length)
      }
      await next.close()
      expect(readdirSync(directory), `SPOOL_SEED=${random.seed}`).toEqual([])
    }
    const distinct = new Set(found)
    expect(distinct.size, `none twice; SPOOL_SEED=${random.seed}`).toBe(found.length)
    expect(
      resolved.filter((seq) => !distinct.has(seq)),
      `SPOOL_SEED=${random.seed}`,
    ).toEqual([])
  },
)
