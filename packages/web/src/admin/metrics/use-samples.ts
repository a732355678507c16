import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useSession } from '../../session/session.tsx'
import { Sample } from './sample.ts'

const EVERY_MS = 5000
/** Five minutes. */
export const SAMPLES_MAX = 60
const KEY = ['metrics']

/** The metrics of the last minutes, the oldest first; asked for while the page is looked at. */
export function useSamples() {
  const { client } = useSession()
  const queries = useQueryClient()
  return useQuery({
    queryKey: KEY,
    queryFn: async ({ signal }) => {
      const text = await (await client.fetch('metrics', { signal })).text()
      const before = queries.getQueryData<readonly Sample[]>(KEY) ?? []
      return [...before, new Sample(text, Date.now())].slice(-SAMPLES_MAX)
    },
    refetchInterval: EVERY_MS,
    structuralSharing: false,
  })
}
