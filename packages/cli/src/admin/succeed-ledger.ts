/** The offline way on for a ledger whose data is behind its lock. */
import { encryptionOf, succeedLedger, TrailproofError } from '@trailproof/server'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { readSettings } from '../serve/run-server.ts'
import { printJson } from '../terminal/print-json.ts'

export interface SucceedOptions {
  readonly reason: string
  readonly data?: string
  readonly keys?: string
  readonly masterKey?: string
  readonly origin?: string
  readonly config?: string
  readonly json?: true
}

export async function succeed(name: string, options: SucceedOptions, context: Context): Promise<void> {
  const { reason, json, config, data, keys, masterKey, origin } = options
  const settings = readSettings({ data, keys, origin, master_key: masterKey }, context, config)
  const writer = {
    data: settings.data,
    keys: settings.keys,
    encryption: encryptionOf(settings),
    ...(settings.origin === '' ? {} : { originPrefix: settings.origin }),
  }
  const succession = await succeedLedger(writer, name, reason).catch((cause: unknown) => {
    if (!(cause instanceof TrailproofError)) throw cause
    throw new Failure(cause.code === 'LOCK_HELD' ? EXIT.cannotStart : EXIT.refused, cause.message, { cause })
  })
  if (json) return printJson(context, succession)
  const { predecessor, successor, lockedSize, foundSize } = succession
  const locked =
    lockedSize === undefined ? 'its lock is lost' : `a checkpoint was signed at size ${lockedSize}`
  context.stdout.write(
    `${predecessor} is closed at size ${foundSize} (${locked}); it stays readable.\n` +
      `${successor} is open and begins with what is known of it. Start the server as before.\n`,
  )
}
