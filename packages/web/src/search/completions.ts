/** What may stand where the caret is: names of fields, and after a colon the values that the ledger has. */

import { useQuery } from '@tanstack/react-query'
import type { Field } from '../api/answers.ts'
import { useSession } from '../session/session.tsx'
import { equals } from './edit-query.ts'
import { useQueryLanguage } from './query-language.ts'

export interface Completion {
  readonly text: string
  /** Beside it: what kind of field, how many records. */
  readonly note: string
}

interface Asked {
  readonly text: string
  readonly caret: number
  readonly ledger: string
  readonly isWanted: boolean
}

const SHOWN_MAX = 12
const STALE_MS = 60_000

/** Completions of the word before the caret, and where in the text it begins. */
export function useCompletions({ text, caret, ledger, isWanted }: Asked): {
  readonly completions: readonly Completion[]
  readonly start: number
} {
  const { client } = useSession()
  const language = useQueryLanguage()
  const { word, start } = wordBefore(text, caret)
  const [field, prefix] = splitTerm(word)
  const fields = useQuery({
    queryKey: ['fields', ledger],
    queryFn: ({ signal }) =>
      client.get<{ fields: readonly Field[] }>('v1/fields', { parameters: { ledger }, signal }),
    enabled: isWanted,
    staleTime: STALE_MS,
  })
  const values = useQuery({
    queryKey: ['values', ledger, field, prefix],
    queryFn: ({ signal }) =>
      client.get<{ values: readonly { value: string; count: number }[] }>(
        `v1/fields/${encodeURIComponent(field!)}/values`,
        { parameters: { ledger, prefix, limit: SHOWN_MAX }, signal },
      ),
    enabled: isWanted && field !== undefined,
    staleTime: STALE_MS,
    retry: false, // not every field has values that are counted
  })
  if (language === undefined) return { start, completions: [] }
  // Who leaves something out still leaves it out once it is completed.
  const sign = word.startsWith('-') ? '-' : ''
  if (field !== undefined)
    return {
      start,
      completions: (values.data?.values ?? []).map(({ value, count }) => ({
        text: `${sign}${language.formatFilter(equals(field, value))} `,
        note: count.toLocaleString('en'),
      })),
    }
  if (word === '') return { start, completions: [] }
  const beginning = word.slice(sign.length).toLowerCase()
  const found = (fields.data?.fields ?? []).filter(({ name, aliases }) =>
    [name, ...aliases].some((each) => each.toLowerCase().startsWith(beginning)),
  )
  return {
    start,
    completions: found.slice(0, SHOWN_MAX).map(({ name, type }) => ({ text: `${sign}${name}:`, note: type })),
  }
}

/** Up to a blank, a bracket or a pipe. */
function wordBefore(text: string, caret: number): { readonly word: string; readonly start: number } {
  const before = text.slice(0, caret)
  const word = /[^\s()|]*$/.exec(before)![0]
  return { word, start: caret - word.length }
}

function splitTerm(word: string): readonly [field: string | undefined, prefix: string] {
  const colon = word.indexOf(':')
  return colon < 1 ? [undefined, ''] : [word.slice(0, colon).replace(/^-/, ''), word.slice(colon + 1)]
}
