/** Tokens of the issuer that the settings name, if they name one. */
import type { KnownRoles } from '../access/roles.ts'
import type { Settings } from '../settings.ts'
import { TrailproofError } from '../trailproof-error.ts'
import { BearerTokens, JWT_ALGORITHMS, type JwtAlgorithm } from './bearer-tokens.ts'
import { assertTrustworthy } from './issuer-address.ts'
import { JsonWebKeys, keyReader, READ_EVERY_MS } from './json-web-keys.ts'
import { readMapping } from './role-mapping.ts'

type JwtSettings = Pick<
  Settings,
  'jwt_issuer' | 'jwt_audience' | 'jwt_jwks' | 'jwt_algorithms' | 'jwt_groups_claim' | 'jwt_roles'
>

export interface OpenedBearers extends Disposable {
  readonly tokens: BearerTokens
}

/** Undefined without an issuer. Throws BAD_SETTING for settings that do not go together. */
export function openBearers(
  settings: JwtSettings,
  deps: { readonly roles: KnownRoles; readonly now: () => number },
): OpenedBearers | undefined {
  const { jwt_issuer: issuer, jwt_audience: audience, jwt_jwks: jwks } = settings
  if (issuer === '') return undefined
  if (audience === '' || jwks === '')
    throw new TrailproofError('BAD_SETTING', 'jwt_issuer needs jwt_audience and jwt_jwks')
  if (/^https?:/.test(issuer)) assertTrustworthy('jwt_issuer', issuer)
  const keys = new JsonWebKeys(keyReader('jwt_jwks', jwks), deps.now, () => tokens.keysChanged())
  const tokens: BearerTokens = new BearerTokens({
    issuer,
    audience,
    algorithms: algorithmsOf(settings.jwt_algorithms),
    groupsClaim: settings.jwt_groups_claim,
    mapping: readMapping('jwt_roles', settings.jwt_roles),
    keyOf: keys.keyOf,
    ...deps,
  })
  const timer = setInterval(() => void keys.refresh(), READ_EVERY_MS) // which rejects never
  timer.unref()
  return { tokens, [Symbol.dispose]: () => clearInterval(timer) }
}

function algorithmsOf(text: string): readonly JwtAlgorithm[] {
  return text.split(',').map((name) => {
    const known = JWT_ALGORITHMS.find((algorithm) => algorithm === name.trim())
    if (known) return known
    throw new TrailproofError(
      'BAD_SETTING',
      `jwt_algorithms: ${JSON.stringify(name.trim())} is none of ${JWT_ALGORITHMS.join(', ')}`,
    )
  })
}
