/** `trailproof history <type:id>`: what was done to a target, or by an actor, and what each step changed. */
import type { RecordView } from '@trailproof/core'
import type { HistoryAnswer } from '../api/answers.ts'
import { clientOf } from '../api/api-client.ts'
import { type ClientOptions, readingCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { type Paint, painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { wholeNumber } from '../terminal/whole-number.ts'
import { changeLines } from './change-lines.ts'
import { queryOf } from './query-words.ts'
import { actorOf, paintOutcome, timeOf } from './record-line.ts'

const PAGE_RECORDS = 1000

export function historyCommand(context: Context) {
  return readingCommand('history', 'show what was done to a target, and how it changed, recorded last first')
    .argument('<target>', 'as type:id, such as account:acc-17; with --actor the id of an actor')
    .argument('[query...]', 'only those of these steps, such as: action:*.updated last:30d')
    .option('--actor', 'what an actor did, instead of what was done to a target')
    .option('-n, --limit <count>', 'most steps', wholeNumber({ least: 1 }), 50)
    .addHelpText(
      'after',
      `
Examples:
  $ trailproof history account:acc-17
  $ trailproof history account:acc-17 'changes.path:/payout/*'
  $ trailproof history --actor u-1 last:24h`,
    )
    .action((subject, words, options) => showHistory(subject, words, options, context))
}

interface HistoryOptions extends ClientOptions {
  readonly actor?: true
  readonly limit: number
}

async function showHistory(
  subject: string,
  words: readonly string[],
  options: HistoryOptions,
  context: Context,
): Promise<void> {
  const client = clientOf(options, context)
  const path = options.actor ? `/v1/actors/${encodeURIComponent(subject)}/history` : pathOfTarget(subject)
  const paint = painterOf(context.stdout)
  let left = options.limit
  let cursor: string | undefined
  let last: HistoryAnswer | undefined
  do {
    const query = { ledger: options.ledger, q: queryOf(words), limit: Math.min(left, PAGE_RECORDS), cursor }
    last = await client.json<HistoryAnswer>(path, { query })
    for (const step of last.history)
      if (options.json) printJson(context, step)
      else context.stdout.write(`${stepText(step, paint)}\n`)
    left -= last.history.length
    cursor = last.next ?? undefined
  } while (cursor !== undefined && left > 0)
  if (options.json) return
  const shown = options.limit - left
  const more = last.next === null ? '' : '; there are more: --limit'
  const stopped = last.complete ? '' : '; the search was stopped before its end: narrow it'
  const line = `${shown} ${shown === 1 ? 'step' : 'steps'} of ${printable(subject)} in ledger ${last.ledger}${more}${stopped}`
  context.stdout.write(`${paint('dim', line)}\n`)
}

function pathOfTarget(subject: string): string {
  const colon = subject.indexOf(':')
  if (colon <= 0 || colon === subject.length - 1)
    throw usageFailure(
      `${subject} is not a target`,
      'give it as type:id, such as account:acc-17; or an actor with --actor',
    )
  const [type, id] = [subject.slice(0, colon), subject.slice(colon + 1)].map(encodeURIComponent)
  return `/v1/targets/${type}/${id}/history`
}

function stepText(step: RecordView, paint: Paint): string {
  const { index, action = '', outcome = '', reason, message } = step
  const who = actorOf(step)
  const head = [
    paint('dim', `${timeOf(step)}  entry ${index}`),
    paint('bold', printable(action)),
    paintOutcome(outcome, outcome, paint),
    ...(who === '' ? [] : [paint('cyan', printable(who))]),
  ].join('  ')
  const why = [reason, message]
    .filter((text) => typeof text === 'string' && text !== '')
    .map((text) => `    ${printable(text as string)}\n`)
  return `${head}\n${why.join('')}${changeLines(step.changes ?? [], paint)}`
}
