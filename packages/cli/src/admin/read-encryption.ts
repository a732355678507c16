/** Where keys lie and what opens them, as the server would read it. */
import { encryptionOf } from '@trailproof/server'
import type { EncryptionOptions } from '@trailproof/server/ports'
import type { Context } from '../context.ts'
import { readSettings } from '../serve/run-server.ts'

export interface EncryptionFlags {
  readonly data?: string
  readonly keys?: string
  readonly masterKey?: string
  readonly config?: string
}

export function readEncryption(
  { data, keys, masterKey, config }: EncryptionFlags,
  context: Context,
): EncryptionOptions {
  return encryptionOf(readSettings({ data, keys, master_key: masterKey }, context, config))
}
