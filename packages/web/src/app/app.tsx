import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { useEffect } from 'react'
import { ApiProblem } from '../api/problem.ts'
import { SessionProvider, useSessionControl } from '../session/session.tsx'
import { SignIn } from '../session/sign-in.tsx'
import { ZoneProvider } from '../time/zone.tsx'
import { router } from './router.tsx'

const RETRIES_MAX = 2

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      refetchOnWindowFocus: false,
      // What the server has refused it refuses again.
      retry: (failures, error) =>
        failures < RETRIES_MAX && !(error instanceof ApiProblem && error.status < 500),
    },
  },
})

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <ZoneProvider>
        <SessionProvider>
          <Pages />
        </SessionProvider>
      </ZoneProvider>
    </QueryClientProvider>
  )
}

function Pages() {
  const { session } = useSessionControl()
  // What one person was shown is nothing that the next may see.
  useEffect(() => {
    if (session === undefined) queries.clear()
  }, [session])
  return session === undefined ? <SignIn /> : <RouterProvider router={router} />
}
