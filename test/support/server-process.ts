/** A server in a child process: started, killed and waited for by state, never by time. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ADMIN_TOKEN } from './test-server.ts'

/** Where a server keeps what outlives it. */
export interface ServerHome {
  readonly data: string
  readonly keys: string
  /** The setting `master_key`; undefined: nothing is encrypted. */
  readonly masterKey?: string | undefined
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last lines it wrote, for the message of a failed test. */
  readonly output: string
}

export interface ServerProcess {
  readonly url: string
  readonly port: number
  /** True once the process has ended. */
  readonly ended: boolean
  readonly exited: Promise<Exit>
  /** Sends the signal and resolves when the process is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<Exit>
  /** Stops the process where it stands, as a machine that is suspended; `resume` lets it go on. */
  pause(): void
  resume(): void
}

/** A start that did not end in a listening server. */
export class NotStarted extends Error {
  /** The TrailproofError's code, when the server refused with one. */
  readonly code: string | undefined
  readonly exit: Exit

  constructor(exit: Exit, refusal: { refused?: string; message?: string }) {
    super(refusal.message ?? `ended with ${exit.code ?? exit.signal} before it listened:\n${exit.output}`)
    this.code = refusal.refused
    this.exit = exit
  }
}

export interface StartProcessOptions {
  readonly settings?: Readonly<Record<string, unknown>>
  /** A command that runs the server, such as strace with its options. */
  readonly wrapper?: readonly string[]
  /** Told of the process as soon as it is there, before it listens. */
  readonly onSpawn?: (child: ChildProcess) => void
}

const ENTRY = fileURLToPath(new URL('./server-entry.ts', import.meta.url))
const OUTPUT_LINES_MAX = 50

/** Servers that still run, so that a failed test leaves none behind. */
const running = new Set<number>()
process.once('exit', () => {
  for (const pid of running) killQuietly(pid, 'SIGKILL')
})

/** Resolves when it listens; rejects with NotStarted when it ends before. */
export async function startServerProcess(
  { data, keys, masterKey }: ServerHome,
  { settings = {}, wrapper = [], onSpawn }: StartProcessOptions = {},
): Promise<ServerProcess> {
  const flags = {
    data,
    keys,
    port: 0,
    admin_token: ADMIN_TOKEN,
    log_level: 'error',
    disk_reserve_mib: 1,
    ...(masterKey !== undefined && { master_key: masterKey }),
    // Most tests erase alone; those of approvals say that it takes two.
    approvals: 'one',
    ...settings,
  }
  const command = [
    ...wrapper,
    process.execPath,
    '--conditions=trailproof-source',
    ENTRY,
    JSON.stringify(flags),
  ]
  const child = spawn(command[0]!, command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const lines: string[] = []
  let ended = false
  const exited = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      ended = true
      resolve({ code, signal, output: lines.slice(-OUTPUT_LINES_MAX).join('\n') })
    })
  })
  createInterface(child.stderr).on('line', (line) => lines.push(line))
  onSpawn?.(child)

  const said = await new Promise<Said>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      lines.push(line)
      if (/^\{"(?:url|refused)":/.test(line)) resolve(JSON.parse(line) as Said)
    })
    exited.then(() => resolve({}), reject)
  })
  if (said.url === undefined || said.pid === undefined) throw new NotStarted(await exited, said)
  const { url, pid } = said
  running.add(pid)
  void exited.then(() => running.delete(pid))
  return {
    url,
    port: Number(new URL(url).port),
    get ended() {
      return ended
    },
    exited,
    end(signal) {
      // The server itself, not a wrapper around it; it may have ended just now.
      if (!ended) killQuietly(pid, signal)
      return exited
    },
    pause() {
      if (!ended) killQuietly(pid, 'SIGSTOP')
    },
    resume() {
      if (!ended) killQuietly(pid, 'SIGCONT')
    },
  }
}

interface Said {
  readonly url?: string
  readonly pid?: number
  readonly refused?: string
  readonly message?: string
}

function killQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
