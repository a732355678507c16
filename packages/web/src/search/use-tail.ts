import { useCallback, useEffect, useRef, useState } from 'react'
import type { ShownRecord } from '../api/answers.ts'
import { useSession } from '../session/session.tsx'
import { followTail, type TailState } from './follow-tail.ts'
import { arrived, EMPTY_TAIL, released } from './tail-buffer.ts'

export interface Tail {
  readonly records: readonly ShownRecord[]
  /** How many wait until `release`. */
  readonly heldCount: number
  readonly state: TailState
  readonly problem: unknown
  /** Begins anew, after an end. */
  readonly retry: () => void
  readonly release: () => void
}

/** Records as they are recorded; while somebody reads (`isHeld`) the list stands still. */
export function useTail(asked: { readonly q: string; readonly ledger: string }, isHeld: boolean): Tail {
  const { client } = useSession()
  const { q, ledger } = asked
  const [buffer, setBuffer] = useState(EMPTY_TAIL)
  const [tries, setTries] = useState(0)
  const [{ state, problem }, setState] = useState<{ state: TailState; problem?: unknown }>({
    state: 'connecting',
  })
  const held = useRef(isHeld)
  useEffect(() => {
    held.current = isHeld
  }, [isHeld])

  useEffect(() => {
    const abort = new AbortController()
    setBuffer(EMPTY_TAIL)
    void followTail({
      client,
      parameters: { q, ledger },
      signal: abort.signal,
      onRecords: (came) => setBuffer((before) => arrived(before, came, held.current)),
      onState: (now, fault) => {
        if (!abort.signal.aborted) setState({ state: now, problem: fault })
      },
    }) // it tells of its faults itself
    return () => abort.abort()
  }, [client, q, ledger, tries])

  const retry = useCallback(() => setTries((before) => before + 1), [])
  const release = useCallback(() => setBuffer(released), [])
  return { records: buffer.shown, heldCount: buffer.heldCount, state, problem, retry, release }
}
