export interface User {
  readonly id: string
  readonly email: string | null
  readonly name: string
  readonly roles: readonly string[]
  readonly teams: readonly string[]
  /** Of OpenID Connect; null: they have a password. */
  readonly issuer: string | null
  readonly created_at: string
  readonly disabled_at: string | null
  readonly last_login_at: string | null
}
