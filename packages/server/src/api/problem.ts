/** Errors as the API tells them: RFC 9457 problem documents. */
import type { FastifyReply } from 'fastify'
import { PROBLEM_TYPE } from './answers/problem-answer.ts'

declare module 'fastify' {
  interface FastifyReply {
    /** What was wrong, when the answer is a problem document. */
    problem: ProblemKind | undefined
  }
}

/** Kinds of problems: the last part of `type`, the status and the title. */
const KINDS = {
  'bad-request': [400, 'The request is not valid'],
  'bad-query': [400, 'The query is not understood'],
  'undecodable-body': [400, 'The body cannot be read'],
  'invalid-record': [400, 'The record is not valid'],
  unauthorized: [401, 'An API key is needed'],
  forbidden: [403, 'The API key does not allow this'],
  'not-found': [404, 'There is no such thing'],
  'method-not-allowed': [405, 'The method is not allowed here'],
  conflict: [409, 'The id is taken by other content'],
  'ledger-exists': [409, 'There is already such a ledger'],
  'beyond-ledger': [409, 'The ledger does not reach so far'],
  'not-erasable': [409, 'The entry cannot be erased'],
  'body-too-large': [413, 'The body is too large'],
  'request-timeout': [408, 'The request took too long'],
  'headers-too-large': [431, 'The headers are too large'],
  'unsupported-media': [415, 'The content type or encoding is not supported'],
  overloaded: [503, 'The server is busy'],
  'disk-reserve': [503, 'The disk is almost full'],
  stopping: [503, 'The server is stopping'],
  'ledger-blocked': [503, 'The ledger cannot be written'],
  internal: [500, 'The server failed'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemKind = keyof typeof KINDS

export interface Problem {
  readonly problem: ProblemKind
  readonly detail: string
  /** Further members of the document, such as `problems` with one item a faulty field. */
  readonly extra?: Readonly<Record<string, unknown>>
}

export function problem(
  kind: ProblemKind,
  detail: string,
  extra?: Readonly<Record<string, unknown>>,
): Problem {
  return extra ? { problem: kind, detail, extra } : { problem: kind, detail }
}

export function sendProblem(reply: FastifyReply, what: Problem): FastifyReply {
  const { status, text } = problemDocument(what)
  reply.problem = what.problem
  // An integer of 1 to 3 s: every shipper understands it, and spread-out clients do not come back at once.
  if (status === 503) reply.header('retry-after', String(1 + Math.floor(Math.random() * 3)))
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="trailproof"')
  return reply.code(status).type(PROBLEM_TYPE).send(text)
}

export function problemDocument({ problem: kind, detail, extra }: Problem): { status: number; text: string } {
  const [status, title] = KINDS[kind]
  const type = `urn:trailproof:problem:${kind}`
  return { status, text: JSON.stringify({ type, title, status, detail, ...extra }) }
}
