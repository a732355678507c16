/** Problems as gRPC tells them: a canonical code, and details of google.rpc that programs can read. */
import { create, type Message, toBinary } from '@bufbuild/protobuf'
import { type GenMessage } from '@bufbuild/protobuf/codegenv2'
import { anyPack } from '@bufbuild/protobuf/wkt'
import { status as Code, Metadata, type ServerErrorResponse } from '@grpc/grpc-js'
import { ProblemError } from '../../api/authorize.ts'
import { faultProblem, INTERNAL } from '../../api/fault-problem.ts'
import type { Problem, ProblemKind } from '../../api/problem.ts'
import { TrailproofError } from '../../trailproof-error.ts'
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from './gen/google/rpc/error_details_pb.ts'
import { StatusSchema } from './gen/google/rpc/status_pb.ts'

/** As the HTTP statuses of problem.ts, so that a client retries on the same occasions either way. */
const CODES = {
  'bad-request': Code.INVALID_ARGUMENT,
  'bad-query': Code.INVALID_ARGUMENT,
  'undecodable-body': Code.INVALID_ARGUMENT,
  'invalid-record': Code.INVALID_ARGUMENT,
  unauthorized: Code.UNAUTHENTICATED,
  forbidden: Code.PERMISSION_DENIED,
  csrf: Code.PERMISSION_DENIED,
  'not-found': Code.NOT_FOUND,
  'method-not-allowed': Code.UNIMPLEMENTED,
  conflict: Code.ALREADY_EXISTS,
  'ledger-exists': Code.ALREADY_EXISTS,
  'user-exists': Code.ALREADY_EXISTS,
  'last-owner': Code.FAILED_PRECONDITION,
  'beyond-ledger': Code.OUT_OF_RANGE,
  held: Code.FAILED_PRECONDITION,
  settled: Code.FAILED_PRECONDITION,
  'not-erasable': Code.FAILED_PRECONDITION,
  'ledger-deleted': Code.FAILED_PRECONDITION,
  'body-too-large': Code.RESOURCE_EXHAUSTED,
  'request-timeout': Code.DEADLINE_EXCEEDED,
  'field-encrypted': Code.INVALID_ARGUMENT,
  'too-many-requests': Code.RESOURCE_EXHAUSTED,
  'headers-too-large': Code.RESOURCE_EXHAUSTED,
  'unsupported-media': Code.INVALID_ARGUMENT,
  overloaded: Code.UNAVAILABLE,
  'disk-reserve': Code.UNAVAILABLE,
  stopping: Code.UNAVAILABLE,
  'ledger-blocked': Code.UNAVAILABLE,
  internal: Code.INTERNAL,
} as const satisfies Record<ProblemKind, Code>

const DOMAIN = 'trailproof'
/** Trailers are headers: clients take 8 KiB of them, and the message is there twice. */
const MESSAGE_CHARS_MAX = 1000

/** The problem behind whatever a call threw; `internal` is for the log to explain. */
export function problemOfError(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem
  if (error instanceof TrailproofError) return faultProblem(error)
  return INTERNAL
}

/** The status of a problem, details included. */
export function statusOfProblem({ problem: kind, detail, extra }: Problem): ServerErrorResponse {
  const code = CODES[kind]
  // encodeURI, by which the message travels, throws for half a surrogate pair.
  const message = detail.slice(0, MESSAGE_CHARS_MAX).toWellFormed()
  const details = [
    pack(ErrorInfoSchema, { reason: upperSnake(kind), domain: DOMAIN }),
    ...(code === Code.UNAVAILABLE || kind === 'too-many-requests'
      ? [pack(RetryInfoSchema, { retryDelay: retryDelay() })]
      : []),
    ...(isProblems(extra?.['problems']) ? [pack(BadRequestSchema, badRequest(extra['problems']))] : []),
  ]
  const metadata = new Metadata()
  metadata.set(
    'grpc-status-details-bin',
    Buffer.from(toBinary(StatusSchema, create(StatusSchema, { code, message, details }))),
  )
  return Object.assign(new Error(message), { code, details: message, metadata })
}

/** An integer of 1 to 3 s, as the Retry-After of HTTP: spread out, clients do not come back at once. */
function retryDelay() {
  return { seconds: BigInt(1 + Math.floor(Math.random() * 3)) }
}

interface FieldProblem {
  readonly field: string
  readonly code: string
  readonly message: string
}

function isProblems(value: unknown): value is readonly FieldProblem[] {
  return Array.isArray(value)
}

function badRequest(problems: readonly FieldProblem[]) {
  return {
    fieldViolations: problems.map(({ field, code, message }) => ({
      field,
      description: message.slice(0, MESSAGE_CHARS_MAX).toWellFormed(),
      reason: upperSnake(code),
    })),
  }
}

function upperSnake(word: string): string {
  return word.replaceAll('-', '_').toUpperCase()
}

function pack<Shape extends Message>(
  schema: GenMessage<Shape>,
  value: Parameters<typeof create<GenMessage<Shape>>>[1],
) {
  return anyPack(schema, create(schema, value))
}
