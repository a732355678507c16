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
  csrf: [403, 'The request does not come from a page of this server'],
  'not-found': [404, 'There is no such thing'],
  'method-not-allowed': [405, 'The method is not allowed here'],
  conflict: [409, 'The id is taken by other content'],
  'ledger-exists': [409, 'There is already such a ledger'],
  'user-exists': [409, 'There is already such a user'],
  'last-owner': [409, 'The last owner stays'],
  'beyond-ledger': [409, 'The ledger does not reach so far'],
  held: [409, 'A legal hold keeps it'],
  settled: [409, 'It cannot be decided any more'],
  'not-erasable': [409, 'The entry cannot be erased'],
  'ledger-deleted': [410, 'The ledger was deleted'],
  'body-too-large': [413, 'The body is too large'],
  'request-timeout': [408, 'The request took too long'],
  'field-encrypted': [422, 'Encrypted content is not searched like that'],
  'too-many-requests': [429, 'Too much in too short a time'],
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
  /** When to come again, of 429 and 503. Default: in 1 to 3 s. */
  readonly retryAfterSeconds?: number
}

export function problem(
  kind: ProblemKind,
  detail: string,
  extra?: Readonly<Record<string, unknown>>,
): Problem {
  return extra ? { problem: kind, detail, extra } : { problem: kind, detail }
}

export function sendProblem(reply: FastifyReply, what: Problem): FastifyReply {
  return reply.send(problemText(reply, what))
}

/** The text of a problem, for an answer whose status and headers are made those of the problem. */
export function problemText(reply: FastifyReply, what: Problem): string {
  const { status, text } = problemDocument(what)
  reply.problem = what.problem
  // An integer of 1 to 3 s: every shipper understands it, and spread-out clients do not come back at once.
  if (status === 503 || status === 429)
    reply.header('retry-after', String(what.retryAfterSeconds ?? 1 + Math.floor(Math.random() * 3)))
  if (status === 401) reply.header('www-authenticate', 'Bearer realm="trailproof"')
  reply.code(status).type(PROBLEM_TYPE)
  return text
}

export function problemDocument({ problem: kind, detail, extra }: Problem): { status: number; text: string } {
  const [status, title] = KINDS[kind]
  const type = `urn:trailproof:problem:${kind}`
  return { status, text: JSON.stringify({ type, title, status, detail, ...extra }) }
}
