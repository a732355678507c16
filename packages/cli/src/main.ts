#!/usr/bin/env -S node --max-semi-space-size=8
/**
 * The command `trailproof`: makes the context, runs the command, and says plainly what went wrong.
 *
 * V8 lets what a busy server throws away pile up to 3 x 16 MiB for each isolate before it looks; half of that is as
 * fast and leaves more memory to others. It can be said only as the process starts: here, and in `npm start`.
 */
import { readFileSync } from 'node:fs'
import type { Context } from './context.ts'
import { EXIT } from './exit-code.ts'
import { Failure } from './failure.ts'
import { assertNodeVersion } from './node-version.ts'
import { painterOf } from './terminal/paint.ts'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}
const context: Context = {
  version,
  env: process.env,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  now: Date.now,
  exitWith: (code) => {
    process.exitCode = code
  },
}

// `trailproof search … | head` closes our output early: nobody is left to tell anything.
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT.ok)
    throw error
  })

try {
  assertNodeVersion(process.versions.node)
  // Loads what an older Node does not have.
  const { runProgram } = await import('./program.ts')
  await runProgram(process.argv.slice(2), context)
} catch (error) {
  fail(error)
}

function fail(error: unknown): void {
  const paint = painterOf(process.stderr)
  if (error instanceof Failure) {
    process.stderr.write(`${paint('red', 'error:')} ${error.message}\n`)
    if (error.hint !== undefined) process.stderr.write(`${paint('dim', error.hint)}\n`)
    process.exitCode = error.exitCode
    return
  }
  // A fault of ours: the stack is what a report needs.
  process.stderr.write(
    `${paint('red', 'internal error:')} ${error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exitCode = EXIT.internal
}
