/** Which driver the setting `master_key` asks for; the client of AWS is loaded where it is used, and nowhere else. */
import { TrailproofError } from '../trailproof-error.ts'
import { FileKeyRing } from './file-key-ring.ts'
import type { KeyRing } from './key-ring.ts'
import { VaultKeyRing } from './vault-key-ring.ts'

export interface MasterKeyOptions {
  /** `file:/path`, `vault:https://host:8200/transit/keys/name` or `aws-kms:<key arn>`. */
  readonly masterKey: string
  /** Directory of the data; a key file must not lie in it. */
  readonly data: string
  /** See `VaultKeyRingOptions.token`. */
  readonly vaultToken?: string
  readonly vaultNamespace?: string
}

/** Rejects with BAD_SETTING, saying what to do, when the master key cannot be used as it is. */
export async function openKeyRing({
  masterKey,
  data,
  vaultToken = '',
  vaultNamespace = '',
}: MasterKeyOptions): Promise<KeyRing> {
  const [, kind, place = ''] = /^(file|vault|aws-kms):(.+)$/.exec(masterKey) ?? []
  switch (kind) {
    case 'file':
      return new FileKeyRing({ path: place, data })
    case 'vault':
      return new VaultKeyRing({ url: place, token: vaultToken, namespace: vaultNamespace })
    case 'aws-kms': {
      const { openAwsKmsKeyRing } = await import('./aws-kms-key-ring.ts')
      return openAwsKmsKeyRing({ keyArn: place })
    }
    default:
      throw new TrailproofError(
        'BAD_SETTING',
        `master_key: expected file:/path, vault:https://host:8200/transit/keys/name or aws-kms:<key arn>, got ${JSON.stringify(masterKey)}`,
      )
  }
}
