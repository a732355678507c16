/**
 * The query language as the server understands it. It comes after the first view: with its regular expressions it is a third of
 * all the code.
 */
import { useQuery } from '@tanstack/react-query'
import type * as language from '@trailproof/core/query'

export type QueryLanguage = typeof language

export function loadQueryLanguage(): Promise<QueryLanguage> {
  return import('@trailproof/core/query')
}

/** Undefined until it is there. */
export function useQueryLanguage(): QueryLanguage | undefined {
  return useQuery({
    queryKey: ['query language'],
    queryFn: loadQueryLanguage,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  }).data
}
