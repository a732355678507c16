/** What accept refuses, as the problem that every protocol tells in its own way. */
import type { Refusal } from '../accept.ts'
import { accessProblem, ledgerProblem } from '../api/authorize.ts'
import { type Problem, type ProblemKind, problem } from '../api/problem.ts'
import type { TrailproofError } from '../trailproof-error.ts'

/** What is wrong with the one record of a request. */
export function invalidRecord(problems: readonly unknown[]): Problem {
  const [first] = problems as { field: string; message: string }[]
  return problem('invalid-record', `${first?.field || 'record'}: ${first?.message}`, { problems })
}

/** Why a request was not taken. */
export function refusalProblem(refusal: Refusal): Problem {
  switch (refusal.kind) {
    case 'no-access':
      return accessProblem(refusal.refusal)
    case 'no-ledger':
      return ledgerProblem(refusal.refusal)
    case 'unreadable': {
      const { message, ...where } = refusal.problem
      return problem(
        where.code === 'too_many_records' ? 'body-too-large' : 'undecodable-body',
        message,
        where,
      )
    }
    case 'unavailable':
      return problem(UNAVAILABLE[refusal.error.code] ?? 'overloaded', refusal.error.message)
  }
}

/** Overloaded otherwise. */
const UNAVAILABLE: Partial<Record<TrailproofError['code'], ProblemKind>> = {
  RATE_LIMITED: 'too-many-requests',
  DISK_RESERVE: 'disk-reserve',
  STOPPING: 'stopping',
}
