/** What is no request of HTTP that could be answered by a route, told as a problem like others. */
import { STATUS_CODES } from 'node:http'
import type { ConnectionError } from 'fastify'
import { PROBLEM_TYPE } from './answers/problem-answer.ts'
import { type Problem, problem, problemDocument } from './problem.ts'

interface Connection {
  readonly destroyed: boolean
  readonly writable: boolean
  end(text: string): unknown
  destroy(): unknown
  once(event: 'close', told: () => void): unknown
}

/** A client that still sends has so long to read the answer before it is reset; Apache lingers as long for its next byte. */
const LINGER_MS = 2000

/** Nothing else is sent on the connection: where its next request would begin is not known. */
export function answerClientError({ code }: ConnectionError, connection: Connection): void {
  if (code === 'ECONNRESET' || connection.destroyed) return
  if (!connection.writable) {
    connection.destroy()
    return
  }
  const { status, text } = problemDocument(problemOf(code))
  connection.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\ncontent-type: ${PROBLEM_TYPE}\r\n` +
      `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
  // Only our side is ended by that: who does not end theirs would keep the connection for ever.
  const timer = setTimeout(() => connection.destroy(), LINGER_MS)
  timer.unref()
  connection.once('close', () => clearTimeout(timer))
}

function problemOf(code: string): Problem {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem('request-timeout', 'the request did not come to its end in time')
    case 'HPE_HEADER_OVERFLOW':
      return problem('headers-too-large', 'address and headers are larger than 16 KiB; POST long queries')
    default:
      return problem('bad-request', 'this is not HTTP/1.1')
  }
}
