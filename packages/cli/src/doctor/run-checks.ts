/** Runs all checks and prints them, each with its fix. */
import { clientOf } from '../api/api-client.ts'
import type { Context } from '../context.ts'
import { EXIT } from '../exit-code.ts'
import { Failure } from '../failure.ts'
import { readSettings } from '../serve/run-server.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { type Check, fail, ok } from './check.ts'
import { directoryChecks, ledgerChecks, nodeCheck } from './local-checks.ts'
import { serverChecks } from './server-checks.ts'

export interface DoctorOptions {
  readonly url?: string
  readonly token?: string
  readonly data?: string
  readonly keys?: string
  readonly config?: string
  readonly json?: true
}

export async function runChecks(options: DoctorOptions, context: Context): Promise<void> {
  const checks = [
    nodeCheck(process.versions.node),
    ...(await settingsChecks(options, context)),
    ...(await serverChecks(clientOf(options, context), context.now)),
  ]
  const failed = checks.some(({ state }) => state === 'fail')
  context.exitWith(failed ? EXIT.unhealthy : EXIT.ok)
  if (options.json) return printJson(context, { healthy: !failed, checks })
  print(checks, context)
}

async function settingsChecks({ data, keys, config }: DoctorOptions, context: Context): Promise<Check[]> {
  try {
    const settings = readSettings({ data, keys }, context, config)
    return [ok('settings', 'valid'), ...directoryChecks(settings), ...(await ledgerChecks(settings))]
  } catch (error) {
    if (!(error instanceof Failure)) throw error
    return [
      fail('settings', error.message, 'mend it where it was set; trailproof serve --help lists all settings'),
    ]
  }
}

const MARKS = { ok: ['green', 'ok'], warn: ['yellow', 'warn'], fail: ['red', 'fail'] } as const

function print(checks: readonly Check[], { stdout }: Context): void {
  const paint = painterOf(stdout)
  const width = Math.max(...checks.map(({ name }) => name.length))
  for (const { name, state, found, fix } of checks) {
    const [colour, mark] = MARKS[state]
    stdout.write(`${paint(colour, mark.padEnd(4))}  ${name.padEnd(width)}  ${printable(found)}\n`)
    if (fix !== '') stdout.write(`${' '.repeat(6 + width)}  ${paint('dim', fix)}\n`)
  }
}
