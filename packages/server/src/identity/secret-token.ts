/** Tokens that we make: a word for people and programs that look for leaked secrets, and 256 random bits. */
import { hash, randomBytes } from 'node:crypto'

const SECRET_BYTES = 32

/** Of a session, to call with; of a session, to go on with; of an invitation. */
export type TokenKind = 'tps' | 'tpr' | 'tpi'

export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url')
}

export function newToken(kind: TokenKind): string {
  return `${kind}_${newSecret()}`
}

/** Whether it looks like the token to call with of a session: keys and tokens of other issuers do not. */
export function isSessionToken(token: string | undefined): token is string {
  return token?.startsWith('tps_') ?? false
}

/** What is kept of a secret: it has too many bits to be guessed from it. */
export function hashOf(secret: string): string {
  return hash('sha256', secret)
}
