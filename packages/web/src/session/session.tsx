/** Who looks at these pages: somebody with a session, by cookies, or an API key, kept as long as the tab is open. */
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import type { AccessMe } from '../api/answers.ts'
import { addressOf, Client } from '../api/client.ts'
import {
  type Credentials,
  cookieCredentials,
  csrfToken,
  keyCredentials,
  noteRenewal,
  RENEW_EVERY_MS,
} from '../api/credentials.ts'
import { Unreachable } from '../api/problem.ts'

export interface Session {
  readonly client: Client
  readonly me: AccessMe
  readonly isByCookie: boolean
  /** Whether some role allows it on some ledger; the server decides anew each time (docs/access.md). */
  readonly may: (permission: string) => boolean
}

interface SessionControl {
  readonly session: Session | undefined
  /** Goes on with what this browser has; false when that is nothing, or is not valid any more. */
  readonly resume: () => Promise<boolean>
  /** Both reject when what was given is not right; the session is as it was then. */
  readonly signInByKey: (token: string) => Promise<void>
  readonly logIn: (email: string, password: string) => Promise<void>
  readonly signOut: () => Promise<void>
  /** Where a browser logs in by an identity provider and comes back to this page; undefined: nowhere. */
  readonly providerAddress: () => Promise<string | undefined>
}

const KEY = 'trailproof.key'
/** The server remembers no longer address while somebody is at their identity provider. */
const RETURN_CHARS_MAX = 1000
const SessionContext = createContext<SessionControl | undefined>(undefined)
/** A login itself shows nobody. */
const nobody = new Client({ headers: () => ({}), renew: async () => false })

export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [session, setSession] = useState<Session>()

  const begin = useCallback(async (credentials: Credentials) => {
    const client = new Client(credentials)
    const me = await client.get<AccessMe>('v1/access/me')
    setSession({
      client,
      me,
      isByCookie: credentials === cookieCredentials,
      may: (permission) => me.grants.some(({ permissions }) => permissions.includes(permission)),
    })
  }, [])

  const control = useMemo(
    (): Omit<SessionControl, 'session'> => ({
      async resume() {
        const token = sessionStorage.getItem(KEY)
        if (token === null && csrfToken() === undefined) return false
        return begin(token === null ? cookieCredentials : keyCredentials(token)).then(
          () => true,
          () => false,
        )
      },
      async signInByKey(token) {
        await begin(keyCredentials(token))
        sessionStorage.setItem(KEY, token)
      },
      async logIn(email, password) {
        await nobody.fetch('v1/session', {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ email, password, cookies: true }),
        })
        noteRenewal()
        await begin(cookieCredentials)
      },
      async providerAddress() {
        const { login } = await nobody.get<{ login: boolean }>('v1/oidc').catch(() => ({ login: false }))
        const here = `${location.pathname}${location.hash}`
        const return_to = here.length <= RETURN_CHARS_MAX ? here : location.pathname
        return login ? addressOf('v1/oidc/login', { return_to }) : undefined
      },
      async signOut() {
        sessionStorage.removeItem(KEY)
        if (session?.isByCookie)
          await session.client.fetch('v1/session', { method: 'DELETE' }).catch((error: unknown) => {
            // One that had ended already has ended; one that goes on must be said.
            if (error instanceof Unreachable) throw error
          })
        setSession(undefined)
      },
    }),
    [begin, session],
  )
  useEffect(() => {
    if (!session?.isByCookie) return undefined
    // Tails end when nothing follows an access token.
    const timer = setInterval(() => void cookieCredentials.renew(), RENEW_EVERY_MS)
    return () => clearInterval(timer)
  }, [session])

  const value = useMemo(() => ({ session, ...control }), [session, control])
  return <SessionContext value={value}>{children}</SessionContext>
}

export function useSessionControl(): SessionControl {
  const control = useContext(SessionContext)
  if (control === undefined) throw new Error('outside of SessionProvider')
  return control
}

/** Of pages that are only shown to somebody. */
export function useSession(): Session {
  const { session } = useSessionControl()
  if (session === undefined) throw new Error('nobody is signed in')
  return session
}
