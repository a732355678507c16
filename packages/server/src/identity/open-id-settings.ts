/** The identity provider that the settings name, if they name one. */
import { readFileSync } from 'node:fs'
import type { Settings } from '../settings.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { assertTrustworthy } from './issuer-address.ts'
import { OpenId } from './open-id.ts'
import { readMapping } from './role-mapping.ts'

type OpenIdSettings = Pick<
  Settings,
  'oidc_issuer' | 'oidc_client_id' | 'oidc_client_secret' | 'oidc_scopes' | 'oidc_groups_claim' | 'oidc_roles'
>

/** Undefined without an issuer. Throws BAD_SETTING for settings that do not go together. */
export function openIdOf(settings: OpenIdSettings, now: () => number): OpenId | undefined {
  if (settings.oidc_issuer === '') return undefined
  const issuer = assertTrustworthy('oidc_issuer', settings.oidc_issuer)
  if (settings.oidc_client_id === '' || settings.oidc_roles === '')
    throw new TrailproofError(
      'BAD_SETTING',
      'oidc_issuer needs oidc_client_id, and oidc_roles, or nobody gets in',
    )
  return new OpenId({
    issuer,
    clientId: settings.oidc_client_id,
    clientSecret: secretOf(settings.oidc_client_secret),
    scopes: settings.oidc_scopes,
    groupsClaim: settings.oidc_groups_claim,
    mapping: readMapping('oidc_roles', settings.oidc_roles),
    now,
  })
}

function secretOf(text: string): string {
  if (!text.startsWith('file:')) return text
  try {
    return readFileSync(text.slice('file:'.length), 'utf8').trim()
  } catch (cause) {
    throw new TrailproofError('BAD_SETTING', `oidc_client_secret: ${(cause as Error).message}`, { cause })
  }
}
