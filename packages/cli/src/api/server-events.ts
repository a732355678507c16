/** Server-sent events over fetch, comments included: id, type and data of each. */
import type { ApiClient, Call } from './api-client.ts'

export interface ServerEvent {
  readonly id: string
  readonly type: string
  readonly data: string
}

/** The server says something at least every 15 s; three times nothing means the connection is dead. */
const SILENCE_MS = 45_000
/** A line longer than any record; more is not our server. */
const LINE_CHARS_MAX = 64 * 2 ** 20

/** Ends when the server ends the stream; rejects when the connection breaks or falls silent. */
export async function* readServerEvents(
  client: ApiClient,
  path: string,
  call: Call,
): AsyncGenerator<ServerEvent> {
  const abort = new AbortController()
  const silence = setTimeout(() => abort.abort(new Error('the server fell silent')), SILENCE_MS)
  try {
    const response = await client.call(path, { ...call, signal: abort.signal })
    let event = { id: '', type: '', data: '' }
    for await (const line of linesOf(response, silence)) {
      if (line === '') {
        if (event.id !== '' || event.data !== '') yield event
        event = { id: '', type: '', data: '' }
        continue
      }
      const colon = line.indexOf(':')
      if (colon === 0) {
        yield { id: '', type: 'comment', data: line.slice(1).trim() }
        continue
      }
      const name = colon < 0 ? line : line.slice(0, colon)
      const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
      if (name === 'id') event.id = value
      else if (name === 'event') event.type = value
      else if (name === 'data') event.data += event.data === '' ? value : `\n${value}`
    }
  } finally {
    clearTimeout(silence)
    abort.abort()
  }
}

async function* linesOf(response: Response, silence: NodeJS.Timeout): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of response.body ?? []) {
    silence.refresh()
    rest += decoder.decode(chunk as Uint8Array, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop()!
    if (rest.length > LINE_CHARS_MAX) throw new Error('a line of the stream is too long')
    for (const line of lines) yield line.endsWith('\r') ? line.slice(0, -1) : line
  }
}
