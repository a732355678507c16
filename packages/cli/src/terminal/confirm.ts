/** Asks before what cannot be undone. */
import { createInterface } from 'node:readline/promises'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'

/** Resolves when the person types the word, default `yes`; rejects where there is nobody to ask and `--yes` was not given. */
export async function confirm(
  { stdin, stderr }: Context,
  question: string,
  { yes, word = 'yes' }: { yes?: boolean | undefined; word?: string },
): Promise<void> {
  if (yes) return
  if (!stdin.isTTY)
    throw usageFailure('this cannot be undone and nobody is there to ask', 'give --yes to go ahead')
  const lines = createInterface({ input: stdin, output: stderr })
  try {
    const answer = await lines.question(`${question} Type ${word} to go on: `)
    if (answer.trim().toLowerCase() !== word) throw usageFailure('nothing was done')
  } finally {
    lines.close()
  }
}
