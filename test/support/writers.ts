/** Clients that send records of their own naming at once and keep every receipt, through any number of kills. */
import { randomBytes } from 'node:crypto'
import { uuidv7 } from 'uuidv7'
import { type KeptReceipt, keep } from './kept-receipts.ts'
import { PersistentClient, type ServerSource } from './persistent-post.ts'
import { type Random, randomOf } from './random.ts'
import type { Answer } from './test-server.ts'

export interface WritersOptions {
  readonly clients: number
  readonly random: Random
  /** Most records in one request; half of the requests hold one alone. */
  readonly batchMax: number
  /** Length of the longest free text. Default 400. */
  readonly textMax?: number
  /** Share of the requests that ask for inclusion proofs. */
  readonly proofShare: number
  /** Asked before each request: how many records it may hold at most. 0 ends the client. */
  readonly left: (sent: SentSoFar) => number
  /** See `PersistentClient`. */
  readonly answerTimeoutMs?: number
  /** A broker may deliver what was sent once more than once. Default false. */
  readonly isBrokered?: boolean
  /** Told of every request that is acknowledged. */
  readonly onAcknowledged?: () => void
}

interface SentSoFar {
  /** Records the client has had acknowledged. */
  readonly own: number
  /** Those of all clients together. */
  readonly all: number
}

export interface Written {
  readonly kept: readonly KeptReceipt[]
  /** Requests that had to be sent more than once. */
  readonly repeated: number
}

/** Resolves when every client has ended with all it sent acknowledged. */
export async function runWriters(source: ServerSource, options: WritersOptions): Promise<Written> {
  const kept: KeptReceipt[] = []
  let repeated = 0
  const write = async (client: number): Promise<void> => {
    using connection = new PersistentClient(source, options.answerTimeoutMs)
    const random = randomOf(options.random.seed + client)
    for (let own = 0; ; ) {
      const left = options.left({ own, all: kept.length })
      if (left <= 0) return
      const count = Math.min(left, random.chance(0.5) ? 1 : 2 + random.below(options.batchMax - 1))
      const records = Array.from({ length: count }, (_, n) =>
        recordOf(client, n, random, options.textMax ?? 400),
      )
      const ids = records.map(({ id }) => id)
      const path = random.chance(options.proofShare) ? '/v1/events?receipt=proof' : '/v1/events'
      const { body, attempts } = await connection.post<Answer>({
        path,
        body: JSON.stringify(count === 1 ? records[0] : records),
      })
      kept.push(...keep(body, ids, attempts > 1 || options.isBrokered === true))
      options.onAcknowledged?.()
      own += count
      if (attempts > 1) repeated++
    }
  }
  await Promise.all(Array.from({ length: options.clients }, (_, client) => write(client)))
  return { kept, repeated }
}

function recordOf(
  client: number,
  n: number,
  random: Random,
  textMax: number,
): { id: string } & Record<string, unknown> {
  return {
    id: uuidv7(),
    timestamp: new Date().toISOString(),
    service: 'crash-test',
    action: 'order.placed',
    actor: { id: `u-${client}` },
    metadata: { n, text: randomBytes(random.below(textMax)).toString('base64url').slice(0, textMax) },
  }
}
