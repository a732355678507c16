import { useQuery } from '@tanstack/react-query'
import type { Parameters } from '../api/client.ts'
import { useSession } from './session.tsx'

interface GetOptions {
  readonly parameters?: Parameters
  readonly enabled?: boolean
}

/** What the server answers at a path; `what` names it for who changes it (use-change.ts). */
export function useGet<Answer>(
  what: string,
  path: string,
  { parameters = {}, enabled = true }: GetOptions = {},
) {
  const { client } = useSession()
  return useQuery({
    queryKey: [what, path, parameters],
    queryFn: ({ signal }) => client.get<Answer>(path, { parameters, signal }),
    enabled,
  })
}
