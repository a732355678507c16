/**
 * Promise 1, against errors of the disk: strace makes a system call of the server fail, write nothing of what was
 * asked, or kill the process, once, at the N-th call on one file. What was acknowledged is there after the next start, and a
 * server that could not commit does not go on.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT_FATAL } from '@trailproof/server'
import { expect, test } from 'vitest'
import { assertAllKept, type KeptReceipt } from '../support/kept-receipts.ts'
import { type Random, seededRandom } from '../support/random.ts'
import { serverHome } from '../support/server-home.ts'
import { type Exit, NotStarted, type ServerHome, type ServerProcess } from '../support/server-process.ts'
import { Supervisor } from '../support/supervisor.ts'
import { ADMIN_TOKEN } from '../support/test-server.ts'
import { runWriters, type Written } from '../support/writers.ts'

/** Injections of each effect on each call; more by environment. */
const TIMES = Number(process.env['CRASH_FAULTS'] ?? 1)
/** Servers at once: one a core. */
const LANES = 2
const CLIENTS = 4

/** `nothing`: a write takes nothing and says so, without an error. */
type Effect = 'EIO' | 'ENOSPC' | 'SIGKILL' | 'nothing'

const INJECTED: Readonly<Record<Effect, string>> = {
  EIO: 'error=EIO',
  ENOSPC: 'error=ENOSPC',
  SIGKILL: 'signal=SIGKILL',
  nothing: 'retval=0',
}

interface FaultyCall {
  /** Below the server's home. */
  readonly file: string
  readonly call: string
  readonly effects: readonly Effect[]
  /** The fault comes at a random call up to this one of the thread that makes them. */
  readonly upTo: number
  /** `commit`: a server that meets the error must end. `beside`: it may go on, but loses nothing. */
  readonly path: 'commit' | 'beside'
  /** Records of several KiB, so that the WAL is copied into the file while records come in. */
  readonly large?: true
}

/** What `strace` shows of a server at work; see docs/durability.md. */
const CALLS: readonly FaultyCall[] = [
  {
    file: 'data/ledger.db-wal',
    call: 'pwrite64',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 1200,
    path: 'commit',
  },
  {
    file: 'data/ledger.db-wal',
    call: 'fsync',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 25,
    path: 'commit',
  },
  {
    file: 'data/ledger.db-wal',
    call: 'openat',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 1,
    path: 'beside',
  },
  {
    file: 'data/ledger.db',
    call: 'pwrite64',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 3000,
    path: 'beside',
    large: true,
  },
  {
    file: 'data/ledger.db',
    call: 'fsync',
    effects: ['EIO', 'SIGKILL'],
    upTo: 5,
    path: 'beside',
    large: true,
  },
  {
    file: 'data/ledger.db-shm',
    call: 'pwrite64',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 8,
    path: 'beside',
  },
  { file: 'data/ledger.db-journal', call: 'fsync', effects: ['EIO', 'SIGKILL'], upTo: 4, path: 'beside' },
  {
    file: 'keys/main.lock',
    call: 'pwrite64',
    effects: ['EIO', 'ENOSPC', 'nothing', 'SIGKILL'],
    upTo: 25,
    path: 'commit',
  },
  {
    file: 'keys/main.lock',
    call: 'fdatasync',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 25,
    path: 'commit',
  },
  { file: 'keys/main.lock', call: 'openat', effects: ['EIO', 'ENOSPC', 'SIGKILL'], upTo: 2, path: 'beside' },
  {
    file: 'keys/.main.key.new',
    call: 'write',
    effects: ['EIO', 'ENOSPC', 'nothing', 'SIGKILL'],
    upTo: 1,
    path: 'beside',
  },
  {
    file: 'keys/.main.key.new',
    call: 'link',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 1,
    path: 'beside',
  },
  { file: 'keys', call: 'fsync', effects: ['EIO', 'SIGKILL'], upTo: 3, path: 'beside' },
  {
    file: 'data/index.db-wal',
    call: 'pwrite64',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 100,
    path: 'beside',
  },
  { file: 'data/index.db-wal', call: 'fsync', effects: ['EIO', 'SIGKILL'], upTo: 2, path: 'beside' },
  {
    file: 'data/streams.db-wal',
    call: 'pwrite64',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 30,
    path: 'beside',
  },
  {
    file: 'data/directory.db-wal',
    call: 'pwrite64',
    effects: ['EIO', 'ENOSPC', 'SIGKILL'],
    upTo: 20,
    path: 'beside',
  },
  { file: 'data/directory.db-wal', call: 'fsync', effects: ['EIO', 'SIGKILL'], upTo: 3, path: 'beside' },
]

interface Injected {
  readonly effect: Effect
  readonly at: number
  /** False when the run ended before the N-th call. */
  readonly met: boolean
  /** How the server ended that met it: refused to start, died, or went on until it was stopped. */
  readonly ended: 'not-started' | 'fatal' | 'killed' | 'went-on' | `code ${number}`
}

test.each(CALLS)(
  '$call on $file: nothing acknowledged is lost',
  async (faulty) => {
    const home = serverHome()
    const random = seededRandom('CRASH_SEED')
    const todo = faulty.effects.flatMap((effect) =>
      Array.from({ length: TIMES }, () => ({ effect, at: 1 + random.below(faulty.upTo) })),
    )
    const done: Injected[] = []
    let next = 0
    const lane = async (): Promise<void> => {
      for (let i = next++; i < todo.length; i = next++) {
        const { effect, at } = todo[i]!
        const root = join(home.root, `${i}`)
        const own = { ...home, root, data: join(root, 'data'), keys: join(root, 'keys') }
        try {
          done.push(await inject(own, faulty, effect, at, random))
        } catch (error) {
          throw new Error(`${effect} at ${at} (CRASH_SEED=${random.seed})`, { cause: error })
        }
      }
    }
    await Promise.all(Array.from({ length: LANES }, lane))
    console.log(`${faulty.call} on ${faulty.file}:`, summary(done))
    expect(done.some(({ met }) => met)).toBe(true)
    if (faulty.path === 'commit')
      for (const { met, ended } of done) if (met) expect(['not-started', 'fatal', 'killed']).toContain(ended)
  },
  3_600_000,
)

/** One life: a server that meets the fault, the next one without it, and what both have acknowledged. */
async function inject(
  home: ServerHome & { readonly root: string },
  { file, call, large }: FaultyCall,
  effect: Effect,
  at: number,
  random: Random,
): Promise<Injected> {
  const trace = `${home.root}.trace`
  const path = join(home.root, file)
  const wrapper = [
    'strace',
    '-f',
    `-o${trace}`,
    `-P${path}`,
    `-etrace=${call}`,
    `-einject=${call}:${INJECTED[effect]}:when=${at}`,
    // Far cheaper, but a signal cannot be sent from where it stops.
    ...(effect === 'SIGKILL' ? [] : ['--seccomp-bpf']),
  ]
  const supervisor = new Supervisor(home)
  const records = large ? 2000 : 150
  const writing = runWriters(supervisor, {
    clients: CLIENTS,
    random,
    batchMax: large ? 100 : 20,
    textMax: large ? 3000 : 400,
    proofShare: 0.1,
    left: ({ own }) => records - own,
  })
  try {
    const exit = await meetFault(supervisor, wrapper, writing)
    const { kept } = await writing
    await assertSearchable(await supervisor.server, kept)
    const last = await supervisor.end('SIGTERM')
    await assertAllKept(home, kept)
    const log = readFileSync(trace, 'utf8')
    const ended = exit ?? endOf(last)
    return {
      effect,
      at,
      met: log.includes('(INJECTED)') || ended === 'killed',
      ended: ended === 'code 0' ? 'went-on' : ended,
    }
  } catch (error) {
    supervisor.giveUp(error as Error)
    await writing.catch(() => undefined)
    throw error
  }
}

/** An error of the index, too, is made good: search finds the newest record, and so all before it. */
async function assertSearchable({ url }: ServerProcess, kept: readonly KeptReceipt[]): Promise<void> {
  const newest = Math.max(...kept.map(({ receipt }) => receipt.index))
  const response = await fetch(`${url}/v1/search?limit=1&min_index=${newest}`, {
    headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
  })
  expect(await response.json()).toMatchObject({ records: [{ index: newest }] })
}

/** Runs the server that meets the fault; if that ended it, starts another. Resolves to how it ended, if it did. */
async function meetFault(
  supervisor: Supervisor,
  wrapper: readonly string[],
  writing: Promise<Written>,
): Promise<Injected['ended'] | undefined> {
  try {
    const server = await supervisor.start({ wrapper })
    const exit = await Promise.race([server.exited, writing.then(() => undefined)])
    if (exit === undefined) return undefined
    await supervisor.start()
    return endOf(exit)
  } catch (error) {
    if (!(error instanceof NotStarted)) throw error
    await supervisor.start()
    return error.exit.signal === 'SIGKILL' ? 'killed' : 'not-started'
  }
}

function endOf({ code, signal }: Exit): Injected['ended'] {
  if (signal === 'SIGKILL') return 'killed'
  return code === EXIT_FATAL ? 'fatal' : `code ${code ?? -1}`
}

function summary(done: readonly Injected[]): string {
  const lines = done.map(({ effect, met, ended }) => (met ? `${effect} ${ended}` : `${effect} not met`))
  const counts = Map.groupBy(lines.toSorted(), (line) => line)
  return [...counts].map(([line, all]) => `${all.length} ${line}`).join(', ')
}
