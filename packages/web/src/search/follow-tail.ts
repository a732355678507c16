/** Follows a live tail; over a broken connection it goes on behind the last record that came. */
import { createParser } from 'eventsource-parser'
import type { ShownRecord } from '../api/answers.ts'
import { addressOf, type Client, type Parameters } from '../api/client.ts'
import { piecesOf } from '../api/pieces-of.ts'
import { ApiProblem } from '../api/problem.ts'

export type TailState = 'connecting' | 'open' | 'ended'

export interface TailOptions {
  readonly client: Client
  readonly parameters: Parameters
  readonly signal: AbortSignal
  /** In the order of the ledger; a few times a second at most. */
  readonly onRecords: (records: readonly ShownRecord[]) => void
  readonly onState: (state: TailState, problem?: unknown) => void
}

/** How often the page is changed by what comes. */
const SHOW_EVERY_MS = 150
const WAIT_MS = 1_000
const WAIT_MS_MAX = 10_000

/** Resolves when the signal aborts, or when the server refuses or ends the tail for good. */
export async function followTail({
  client,
  parameters,
  signal,
  onRecords,
  onState,
}: TailOptions): Promise<void> {
  let last: string | undefined
  let waitMs = WAIT_MS
  let came: ShownRecord[] = []
  const timer = setInterval(() => {
    if (came.length === 0) return
    onRecords(came)
    came = []
  }, SHOW_EVERY_MS)
  const server = { hasEnded: false }
  const parser = createParser({
    onEvent({ event, id, data }) {
      if (id !== undefined) last = id
      if (event === 'record') came.push(JSON.parse(data) as ShownRecord)
      if (event === 'end') {
        server.hasEnded = true
        onState('ended', new Error((JSON.parse(data) as { detail: string }).detail))
      }
    },
  })
  try {
    while (!signal.aborted && !server.hasEnded) {
      onState('connecting')
      try {
        const headers: Record<string, string> = last === undefined ? {} : { 'last-event-id': last }
        const response = await client.fetch(addressOf('v1/tail', parameters), { headers, signal })
        onState('open')
        waitMs = WAIT_MS
        const decoder = new TextDecoder()
        for await (const chunk of piecesOf(response.body!))
          parser.feed(decoder.decode(chunk, { stream: true }))
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof ApiProblem && error.status < 500) return onState('ended', error)
      }
      parser.reset()
      await wait(waitMs, signal)
      waitMs = Math.min(WAIT_MS_MAX, 2 * waitMs)
    }
  } finally {
    clearInterval(timer)
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  signal.addEventListener('abort', () => resolve(), { once: true })
  await promise
  clearTimeout(timer)
}
