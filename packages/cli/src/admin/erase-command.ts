/** `trailproof erase <id...>` or `--subject <id>`: destroys personal content for ever; every proof stays valid. */
import { type ApiClient, clientOf } from '../api/api-client.ts'
import { clientCommand } from '../api/client-options.ts'
import type { Context } from '../context.ts'
import { usageFailure } from '../failure.ts'
import { confirm } from '../terminal/confirm.ts'
import { printJson } from '../terminal/print-json.ts'
import { type Asked, askedText, isAsked } from './approval-commands.ts'

interface ErasureAnswer {
  readonly ledger: string
  readonly erased: readonly string[]
  readonly erasure_index: number
  /** Of several where records stood in several ledgers; a server made before tells the first alone. */
  readonly erasure_indexes?: readonly number[]
  readonly recorded_at: string
}

interface SubjectAnswer {
  readonly ledger: string
  readonly complete: boolean
  readonly held: number
  readonly holds: readonly string[]
  readonly records: number
  readonly accesses: number
  readonly quarantined: number
  readonly saved_searches: number
  readonly erasure_indexes: readonly number[]
  readonly subject: string
}

/** Of both ways. */
interface Why {
  readonly ledger?: string
  readonly authority: string
  readonly reason: string
}

export function eraseCommand(context: Context) {
  return clientCommand(
    'erase',
    'erase the personal content of records, or of somebody, for ever, once somebody else approves',
  )
    .argument('[id...]', 'UUIDs of the records')
    .option('--subject <id>', 'everything of whoever has this id, in place of records')
    .option('--subject-type <type>', 'only where the subject is of this type, such as user')
    .requiredOption('--authority <text>', 'who or what law asks for it; kept for ever')
    .requiredOption('--reason <text>', 'why; kept for ever')
    .option('--yes', 'do not ask')
    .action(async (ids, { json, yes, ledger, authority, reason, subject, subjectType, ...options }) => {
      if ((ids.length === 0) === (subject === undefined))
        throw usageFailure('say what to erase: ids of records, or --subject')
      if (subject === undefined && subjectType !== undefined)
        throw usageFailure('--subject-type belongs to --subject')
      const why = { authority, reason, ...(ledger !== undefined && { ledger }) }
      const what =
        subject === undefined ? `the personal content of ${ids.length} record(s)` : `everything of ${subject}`
      await confirm(context, `Erase ${what} for ever?`, { yes })
      const client = clientOf(options, context)
      if (subject !== undefined) {
        const who = { id: subject, ...(subjectType !== undefined && { type: subjectType }) }
        const answer = await eraseSubject(client, who, why)
        if (isAsked(answer)) return sayAsked(context, answer, json)
        return json ? printJson(context, answer) : void context.stdout.write(subjectText(answer))
      }
      const answer = await client.json<ErasureAnswer | Asked>('/v1/erasures', {
        method: 'POST',
        body: { ids, ...why },
      })
      if (isAsked(answer)) return sayAsked(context, answer, json)
      if (json) return printJson(context, answer)
      const { erased, erasure_index, erasure_indexes = [erasure_index], recorded_at } = answer
      context.stdout.write(
        `erased ${erased.length} in ledger ${answer.ledger}; recorded as entry ${erasure_indexes.join(', ')} at ${recorded_at}\n`,
      )
    })
}

function sayAsked(context: Context, answer: Asked, json: true | undefined): void {
  if (json) return printJson(context, answer)
  context.stdout.write(askedText(answer))
}

/** Asks until nothing is left; the sum of the answers. Where it takes two, the first answer says so. */
async function eraseSubject(
  client: ApiClient,
  subject: { readonly id: string; readonly type?: string },
  why: Why,
): Promise<SubjectAnswer | Asked> {
  let sum: SubjectAnswer | undefined
  for (;;) {
    const answer: SubjectAnswer | Asked = await client.json('/v1/erasures/subject', {
      method: 'POST',
      body: { subject, ...why },
    })
    if (isAsked(answer)) return answer
    sum = sum === undefined ? answer : added(sum, answer)
    // What is held stays, however often it is asked for.
    if (answer.complete || answer.records === 0) return sum
  }
}

function added(a: SubjectAnswer, b: SubjectAnswer): SubjectAnswer {
  return {
    ...b,
    records: a.records + b.records,
    accesses: a.accesses + b.accesses,
    quarantined: a.quarantined + b.quarantined,
    saved_searches: a.saved_searches + b.saved_searches,
    erasure_indexes: [...a.erasure_indexes, ...b.erasure_indexes],
  }
}

function subjectText(answer: SubjectAnswer): string {
  const { ledger, records, accesses, quarantined, saved_searches, erasure_indexes, subject } = answer
  const { held, holds } = answer
  const where = erasure_indexes.length === 0 ? '' : `; recorded as entry ${erasure_indexes.join(', ')}`
  return [
    `erased in ledger ${ledger}: ${records} records, ${accesses} records of accesses${where}\n`,
    ...(held > 0 ? [`not erased: ${held} records, held by ${holds.join(', ')}\n`] : []),
    `destroyed: ${quarantined} quarantined records, ${saved_searches} saved searches\n`,
    `the ledger names the subject as ${subject}\n`,
  ].join('')
}
