/** What a request shows of who sends it, whatever protocol it came by. */

/** Names in a client certificate that was issued by an authority we trust. */
export interface CertificateNames {
  /** DNS names and URIs such as `spiffe://…`, each with its kind: `DNS:`, `URI:`. */
  readonly alternatives: readonly string[]
  /** The whole subject, one `CN=…` and so on a comma, in the order of the certificate. */
  readonly subject: string
  /** When it ends, ms since 1970. */
  readonly expiresAt: number
  /** SHA-256 of the certificate. */
  readonly fingerprint: string
}

export interface Credentials {
  /** An API key, the token of a session, or a JWT. */
  readonly token: string | undefined
  /** Of the connection; counts where there is no token. */
  readonly certificate?: CertificateNames | undefined
  /** Whether viewer tokens count for what is asked. Default: false. */
  readonly admitsViewers?: boolean
}
