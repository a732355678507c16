/** A Redis of its own for a test: on a free port, nothing kept on disk, ended by its pid. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { freePort } from './free-port.ts'
import type { TestAuthority } from './test-authority.ts'
import { untilReady } from './until-ready.ts'

export interface RedisServer extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Ends it as a crash would; what it held is gone. */
  kill(): Promise<void>
  /** Again on its port, empty. */
  start(): Promise<void>
}

export interface RedisServerOptions {
  /** Only TLS, with this certificate. */
  readonly tls?: TestAuthority
  /** Only this user, who may do everything. */
  readonly login?: { readonly username: string; readonly password: string }
}

export async function startRedis({ tls, login }: RedisServerOptions = {}): Promise<RedisServer> {
  const port = await freePort()
  const listening = tls === undefined ? ['--port', String(port)] : ['--port', '0', ...tlsFlags(port, tls)]
  const users = login === undefined ? [] : onlyUser(login)
  let child: ChildProcess | undefined
  const start = async (): Promise<void> => {
    child = spawn('redis-server', [...listening, ...users, ...FLAGS], {
      stdio: ['ignore', 'ignore', 'inherit'],
      cwd: '/tmp',
    })
    await untilReady('redis-server', child, () => answersPing(port, tls))
  }
  const kill = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }
  await start()
  const who = login === undefined ? '' : `${login.username}:${encodeURIComponent(login.password)}@`
  const url = `redis${tls === undefined ? '' : 's'}://${who}127.0.0.1:${port}`
  return { url, port, start, kill, [Symbol.asyncDispose]: kill }
}

const FLAGS = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--loglevel', 'warning']

function onlyUser({ username, password }: NonNullable<RedisServerOptions['login']>): string[] {
  const everything = ['~*', '&*', '+@all']
  return ['--user', 'default', 'off', '--user', username, 'on', `>${password}`, ...everything]
}

function tlsFlags(port: number, { certificateFile, keyFile, authorityFile }: TestAuthority): string[] {
  const files = [
    '--tls-cert-file',
    certificateFile,
    '--tls-key-file',
    keyFile,
    '--tls-ca-cert-file',
    authorityFile,
  ]
  return ['--tls-port', String(port), ...files, '--tls-auth-clients', 'no']
}

/** Also one that wants to know first who asks answers, if only that. */
function answersPing(port: number, tls: TestAuthority | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const ping = (): void => void socket.write('PING\r\n')
    const socket =
      tls === undefined
        ? connect(port, '127.0.0.1', ping)
        : connectTls({ port, host: '127.0.0.1', ca: tls.authority }, ping)
    socket.once('data', (data) => {
      socket.destroy()
      resolve(/^\+PONG|^-NOAUTH/.test(String(data)))
    })
    socket.once('error', () => resolve(false)) // not listening yet
  })
}
