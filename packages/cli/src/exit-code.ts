/** What the process says with its exit code; the same list is in docs/cli.md. */

export const EXIT = {
  /** Done; for verify: intact, or erased under a named authority. */
  ok: 0,
  /** A fault of this program: please report it. */
  internal: 1,
  /** Wrong arguments or settings. */
  usage: 2,
  /** verify: evidence contradicts itself or what was signed. */
  broken: 3,
  /** verify: nothing contradicts, but something needed is missing. */
  unproven: 4,
  /** The server cannot be reached or takes nothing for now. */
  unreachable: 5,
  /** The server said no: token, scope, something that is not there, a request that is not valid. */
  refused: 6,
  /** send: some records were not recorded (refused, quarantined or conflicting). */
  notAllRecorded: 7,
  /** serve: data, keys or port do not allow a start. */
  cannotStart: 8,
  /** doctor: at least one check failed. */
  unhealthy: 9,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** 128 + the signal's number, as shells say it. */
export const EXIT_OF_SIGNAL = { SIGINT: 130, SIGTERM: 143 } as const

export const EXIT_CODES_HELP = `
Exit codes:
  0  done; verify: intact or erased      5  server unreachable or overloaded
  1  fault of this program               6  refused by the server
  2  wrong arguments or settings         7  send: some records were not recorded
  3  verify: broken                      8  serve: data, keys or port do not allow a start
  4  verify: unproven                    9  doctor: a check failed
  130, 143  ended by Ctrl-C, SIGTERM     70  serve: a commit failed; start it again`
