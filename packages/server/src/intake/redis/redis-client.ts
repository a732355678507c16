/** Connections to Redis as the intake needs them. */
import { createClient } from 'redis'
import { TrailproofError } from '../../trailproof-error.ts'

/** A command that waits for longer is rejected: whoever sent the records keeps them. */
const COMMAND_TIMEOUT_MS = 5_000
const CONNECT_TIMEOUT_MS = 5_000
/** Some attempts long. */
const CONNECT_PATIENCE_MS = 10_000
const RECONNECT_DELAY_MAX_MS = 2_000

export function redisClient(url: string) {
  const client = createClient({
    url,
    RESP: 2,
    // A command is not kept for a server that is away: it would be sent long after its request was answered.
    disableOfflineQueue: true,
    commandOptions: { timeout: COMMAND_TIMEOUT_MS },
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: (attempts: number) => Math.min(50 * 2 ** attempts, RECONNECT_DELAY_MAX_MS),
    },
  })
  client.on('error', () => undefined) // every command tells it to whoever waits
  return client
}

/**
 * Rejects when there is no connection in time: the client by itself would go on for ever, and may wait for an answer that never
 * comes. At once when trying again cannot help. Says where it tried, and what came of it last.
 */
export async function connectInTime(client: RedisClient, patienceMs = CONNECT_PATIENCE_MS): Promise<void> {
  const over = Promise.withResolvers<never>()
  let last: Error | undefined
  const heard = (error: Error): void => {
    last = error
    if (isForGood(error)) over.reject(error)
  }
  const timer = setTimeout(() => over.reject(late(patienceMs, last)), patienceMs)
  client.on('error', heard)
  try {
    await Promise.race([client.connect(), over.promise])
  } catch (error) {
    client.destroy()
    throw new Error(`${placeOf(client)}: ${(error as Error).message}`, { cause: error })
  } finally {
    clearTimeout(timer)
    client.off('error', heard)
  }
}

function late(patienceMs: number, last: NodeJS.ErrnoException | undefined): Error {
  const hint =
    last?.code === 'ECONNRESET' || last?.message.startsWith('Socket closed') === true
      ? ' (is it TLS that is spoken there, rediss://?)'
      : ''
  return new Error(`no connection in ${patienceMs} ms${last === undefined ? '' : `: ${last.message}${hint}`}`)
}

/** A password that is wrong, a certificate that is not believed. */
function isForGood({ message, code }: NodeJS.ErrnoException): boolean {
  return (
    /^(?:WRONGPASS|NOAUTH|NOPERM|ERR AUTH)/.test(message) || /CERT|SELF_SIGNED|UNABLE_TO/.test(code ?? '')
  )
}

/** Without who logs in there. */
function placeOf({ options }: RedisClient): string {
  const { host = 'localhost', port = 6379 } = (options?.socket ?? {}) as { host?: string; port?: number }
  return `${host}:${port}`
}

export type RedisClient = ReturnType<typeof redisClient>

export function unavailable(cause: unknown): TrailproofError {
  return new TrailproofError('BROKER_UNAVAILABLE', `Redis: ${(cause as Error).message}`, {
    retryable: true,
    cause,
  })
}
