/** Commands of node-redis and ioredis, as they tell of them on their channels, with the arguments that they give; nothing is patched. */
import type { IntegrationInit, IntegrationResult } from '../recorder/step.ts'
import type { Trail } from '../recorder/trail.ts'
import { shownArguments } from './redis-arguments.ts'
import { onTracingChannel, type Settled } from './tracing-channel.ts'

/** What is read of a command's message; `args` of node-redis begins with the command. */
interface CommandMessage {
  readonly command: string
  readonly args: readonly string[]
  readonly batchMode?: string
  readonly batchSize?: number
}

/** A transaction or pipeline. */
interface BatchMessage {
  readonly batchMode: string
  readonly batchSize: number
}

export function collectRedisChannels(): void {
  onTracingChannel<CommandMessage>('node-redis:command', {
    begin: (message, trail) => commandOf(message, message.args.slice(1), trail),
    end: statusOf,
  })
  onTracingChannel<CommandMessage>('ioredis:command', {
    begin: (message, trail) => commandOf(message, message.args, trail),
    end: statusOf,
  })
  for (const name of ['node-redis:batch', 'ioredis:batch'])
    onTracingChannel<BatchMessage>(name, {
      begin: ({ batchMode, batchSize }) => ({
        type: 'cache',
        name: `redis ${batchMode}`,
        request: { command: batchMode },
        metadata: { commands: batchSize },
      }),
      end: () => ({ response: { status: 'ok' } }),
    })
}

/** Commands whose arguments may be a password, of which the clients hide only some. */
const SECRET_ARGS = new Set(['ACL', 'AUTH', 'CONFIG', 'HELLO', 'MIGRATE'])
/** Commands that read what may be missing. */
const READS = new Set(
  'GET GETEX GETDEL GETSET HGET HMGET HGETALL MGET LINDEX LPOP RPOP SPOP EXISTS HEXISTS SISMEMBER ZSCORE JSON.GET'.split(
    ' ',
  ),
)

function commandOf(message: CommandMessage, given: readonly string[], trail: Trail): IntegrationInit {
  const command = message.command.toUpperCase()
  const { batchMode, batchSize } = message
  const { redaction } = trail.owner.options
  const args = redaction === undefined ? given : shownArguments(command, given, redaction)
  const [key, ...rest] = args
  const request = SECRET_ARGS.has(command)
    ? { command }
    : { command, key, ...(rest.length > 0 && { args: rest }) }
  return {
    type: 'cache',
    name: `redis ${command}`,
    request,
    ...(batchMode !== undefined && { metadata: { batch: batchMode, commands: batchSize } }),
  }
}

function statusOf({ command, result }: CommandMessage & Settled): IntegrationResult {
  const isRead = READS.has(command.toUpperCase())
  return { response: { status: isRead ? (isMissing(result) ? 'miss' : 'hit') : 'ok' } }
}

function isMissing(reply: unknown): boolean {
  if (reply === null || reply === undefined || reply === 0 || reply === false) return true
  if (typeof reply !== 'object' || ArrayBuffer.isView(reply)) return false
  return Array.isArray(reply) ? reply.every(isMissing) : Object.keys(reply).length === 0
}
