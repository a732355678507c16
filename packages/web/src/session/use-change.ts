import { useQueryClient } from '@tanstack/react-query'
import type { Client } from '../api/client.ts'
import { useSession } from './session.tsx'

/** Sends a change; what is shown under these names (use-get.ts) is asked for again before it resolves. */
export function useChange(...names: readonly string[]): Client['send'] {
  const { client } = useSession()
  const queries = useQueryClient()
  return async <Answer>(...given: Parameters<Client['send']>) => {
    const answer = await client.send<Answer>(...given)
    await Promise.all(names.map((name) => queries.invalidateQueries({ queryKey: [name] })))
    return answer
  }
}
