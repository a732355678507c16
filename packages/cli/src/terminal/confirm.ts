/** Asks before what cannot be undone. */
import { createInterface } from 'node:readline/promises'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'

/** Resolves when the person types `yes`; rejects where there is nobody to ask and `--yes` was not given. */
export async function confirm(
  { stdin, stderr }: Context,
  question: string,
  { yes }: { yes?: boolean | undefined },
): Promise<void> {
  if (yes) return
  if (!stdin.isTTY)
    throw usageFailure('this cannot be undone and nobody is there to ask', 'give --yes to go ahead')
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await lines.question(`${question} Type yes to go on: `)
    if (answer.trim().toLowerCase() !== 'yes') throw usageFailure('nothing was done')
  } finally {
    lines.close()
  }
}
