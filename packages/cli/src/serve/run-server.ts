/** Runs the server until a signal: the first one stops it gracefully, a second one at once. */
import {
  type RunningServer,
  readConfig,
  type Settings,
  startServer,
  TrailproofError,
} from '@trailproof/server'
import type { Context } from '../context.ts'
import { EXIT, EXIT_OF_SIGNAL } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { printBanner } from './banner.ts'
import { serverLog } from './server-log.ts'
import { settingFlags } from './setting-flags.ts'

/** Until a process in which everything is closed ends, if it does not by itself. */
const LINGER_MS = 1000

export async function runServer(options: Readonly<Record<string, unknown>>, context: Context): Promise<void> {
  const file = options['config'] as string | undefined
  const settings = readSettings(settingFlags(options), context, file)
  const log = serverLog(context, settings.log_level)
  const stopped = stopSignal(context)
  const running = await start(settings, { log, version: context.version })
  const { services, newAdminToken, url } = running
  printBanner(context, {
    url,
    settings,
    newAdminToken,
    ledgers: services.ledgers.all().map(({ info, size }) => ({ name: info.name, size })),
  })
  const signal = await stopped
  log.info({ signal }, 'stopping; a second signal ends at once')
  await running.stop()
  log.info('stopped')
  context.exitWith(EXIT.ok)
  // Everything is closed; what a library has left must not keep the process (Kafka's client: a heartbeat that failed as it left).
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

/** The complete settings, or a usage failure naming the place of the bad one. */
export function readSettings(
  flags: Readonly<Record<string, unknown>>,
  { env }: Pick<Context, 'env'>,
  file?: string,
): Settings {
  try {
    return readConfig({ flags, env, file })
  } catch (error) {
    if (error instanceof TrailproofError) throw new Failure(EXIT.usage, error.message, { cause: error })
    throw error
  }
}

async function start(settings: Settings, options: Parameters<typeof startServer>[1]): Promise<RunningServer> {
  try {
    return await startServer(settings, options)
  } catch (error) {
    throw startFailure(error, settings)
  }
}

/** Errors of the system that a person can do something about, told plainly. */
function startFailure(cause: unknown, { host, port, data, keys }: Settings): unknown {
  if (cause instanceof TrailproofError)
    return new Failure(cause.code === 'BAD_SETTING' ? EXIT.usage : EXIT.cannotStart, cause.message, { cause })
  const { code, message } = cause as NodeJS.ErrnoException
  const cannot = (text: string, hint: string): Failure => new Failure(EXIT.cannotStart, text, { hint, cause })
  switch (code) {
    case 'EADDRINUSE':
      return cannot(
        `port ${port} on ${host} is in use`,
        'end what listens there, or give another with --port',
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return cannot(`${host} is not an address of this machine`, 'give one with --host')
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
    case 'ENOTDIR':
    case 'ENOSPC':
      return cannot(`cannot start: ${message}`, `--data ${data} and --keys ${keys} must be writable`)
    default:
      return cause
  }
}

/**
 * Resolves at the first signal, also one that comes while the server is starting. The second ends the
 * process with that signal's exit code: what was acknowledged is on the disk at any time.
 */
function stopSignal({ exitWith }: Context): Promise<keyof typeof EXIT_OF_SIGNAL> {
  return new Promise((resolve) => {
    let seen = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (seen) {
          exitWith(EXIT_OF_SIGNAL[signal])
          process.exit()
        }
        seen = true
        resolve(signal)
      })
  })
}
