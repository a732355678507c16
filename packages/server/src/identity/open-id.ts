/**
 * Logins by OpenID Connect: the authorization code flow with PKCE. Who comes back is known by issuer and subject alone, never
 * by an address; what they may follows the groups that the issuer names, at every login.
 */
import { errors as joseErrors, jwtVerify } from 'jose'
import * as oidc from 'openid-client'
import { TrailproofError } from '../trailproof-error.ts'
import { CLOCK_SKEW_SECONDS, JWT_ALGORITHMS } from './bearer-tokens.ts'
import { JsonWebKeys, keyReader } from './json-web-keys.ts'
import { groupsOf, type RoleMapping, rolesOfGroups } from './role-mapping.ts'

const TIMEOUT_SECONDS = 10
/** The issuer's own description of itself may change. */
const DISCOVERED_MS = 3_600_000
const NAME_CHARS_MAX = 200

export interface OpenIdOptions {
  readonly issuer: URL
  readonly clientId: string
  readonly clientSecret: string
  readonly scopes: string
  readonly groupsClaim: string
  readonly mapping: RoleMapping
  /** ms since 1970. */
  readonly now: () => number
}

/** What is kept of a login until the browser comes back, and is secret until then. */
export interface PendingLogin {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
}

/** Whom the issuer has let in. */
export interface OpenIdUser {
  readonly issuer: string
  readonly subject: string
  readonly name: string
  /** `role` or `role@ledger`. */
  readonly roles: readonly string[]
}

export class OpenId {
  readonly #options: OpenIdOptions
  #discovered:
    | { readonly config: oidc.Configuration; readonly keys: JsonWebKeys; readonly at: number }
    | undefined

  constructor(options: OpenIdOptions) {
    this.#options = options
  }

  /** Where to send the browser, and what must be there when it is back. Rejects, retryable, when the issuer is away. */
  async begin(redirectUri: string): Promise<{ readonly url: URL; readonly pending: PendingLogin }> {
    const { config } = await this.#discover()
    const pending = {
      state: oidc.randomState(),
      nonce: oidc.randomNonce(),
      verifier: oidc.randomPKCECodeVerifier(),
      redirectUri,
    }
    const url = oidc.buildAuthorizationUrl(config, {
      redirect_uri: redirectUri,
      scope: this.#options.scopes,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(pending.verifier),
      code_challenge_method: 'S256',
    })
    return { url, pending }
  }

  /** `query`: what the browser came back with. Undefined when the issuer let nobody in, or it is not of this login. */
  async finish(
    query: string,
    { state, nonce, verifier, redirectUri }: PendingLogin,
  ): Promise<OpenIdUser | undefined> {
    const { config, keys } = await this.#discover()
    try {
      const tokens = await oidc.authorizationCodeGrant(config, new URL(`${redirectUri}?${query}`), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const { issuer } = config.serverMetadata()
      // It came from the issuer itself; that its keys signed it is not taken for granted.
      const { payload } = await jwtVerify(tokens.id_token!, keys.keyOf, {
        issuer,
        audience: this.#options.clientId,
        algorithms: [...JWT_ALGORITHMS],
        clockTolerance: CLOCK_SKEW_SECONDS,
        requiredClaims: ['exp', 'sub'],
      })
      const claims = await this.#withGroups(payload, tokens.access_token, config)
      return {
        issuer,
        subject: payload.sub!, // required above
        name: nameOf(claims, payload.sub!),
        roles: rolesOfGroups(groupsOf(claims, this.#options.groupsClaim), this.#options.mapping),
      }
    } catch (error) {
      if (isRefusal(error)) return undefined
      throw away(error)
    }
  }

  /** Some issuers tell groups in the token, others only when they are asked for the user. */
  async #withGroups(
    payload: Readonly<Record<string, unknown>>,
    accessToken: string,
    config: oidc.Configuration,
  ): Promise<Readonly<Record<string, unknown>>> {
    const isTold = groupsOf(payload, this.#options.groupsClaim).length > 0
    if (isTold || config.serverMetadata().userinfo_endpoint === undefined) return payload
    const more = await oidc.fetchUserInfo(config, accessToken, String(payload['sub']))
    return { ...more, ...payload }
  }

  async #discover() {
    const { issuer, clientId, clientSecret, now } = this.#options
    if (this.#discovered && now() - this.#discovered.at < DISCOVERED_MS) return this.#discovered
    try {
      const config = await oidc.discovery(
        issuer,
        clientId,
        undefined,
        clientSecret === '' ? oidc.None() : oidc.ClientSecretPost(clientSecret),
        {
          timeout: TIMEOUT_SECONDS,
          // Of this machine alone: other issuers were refused with the settings.
          ...(issuer.protocol === 'http:' && { execute: [oidc.allowInsecureRequests] }),
        },
      )
      const read = keyReader('jwks_uri', config.serverMetadata().jwks_uri ?? '')
      // Whoever comes here has a code that the issuer took: keys are read whenever one is missing.
      const keys = new JsonWebKeys(read, now, () => undefined, 0)
      this.#discovered = { config, keys, at: now() }
      return this.#discovered
    } catch (error) {
      throw away(error)
    }
  }
}

/** The issuer, or what came back, says no: that is no fault of anything. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof oidc.AuthorizationResponseError ||
    error instanceof oidc.ResponseBodyError ||
    error instanceof oidc.ClientError ||
    error instanceof joseErrors.JOSEError
  )
}

function away(cause: unknown): TrailproofError {
  if (cause instanceof TrailproofError) return cause
  return new TrailproofError(
    'OVERLOADED',
    'the identity provider cannot be reached, or does not answer as it should',
    {
      retryable: true,
      cause,
    },
  )
}

function nameOf(claims: Readonly<Record<string, unknown>>, subject: string): string {
  const names = [claims['name'], claims['preferred_username'], claims['email'], subject]
  const name = names.find((each) => typeof each === 'string' && each.trim() !== '') as string
  return name.replaceAll(/[\p{Cc}\p{Cs}]/gu, ' ').slice(0, NAME_CHARS_MAX)
}
