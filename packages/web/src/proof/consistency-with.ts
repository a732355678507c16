import { readCheckpoint } from '@trailproof/core'
import type { Client } from '../api/client.ts'
import { ApiProblem } from '../api/problem.ts'

/**
 * The way from what this browser remembers of a ledger to the checkpoint of now, as hashes in base64; undefined when there is
 * none, or when whoever asks may not see it.
 */
export async function consistencyWith(
  client: Client,
  ledger: string,
  remembered: string | undefined,
  checkpoint: string,
): Promise<readonly string[] | undefined> {
  if (remembered === undefined) return undefined
  const [before, now] = [readCheckpoint(remembered), readCheckpoint(checkpoint)]
  if (before.kind === 'problem' || now.kind === 'problem' || before.size > now.size) return undefined
  const parameters = { first: before.size, second: now.size }
  return client
    .get<{ proof: readonly string[] }>(`v1/ledgers/${encodeURIComponent(ledger)}/consistency`, { parameters })
    .then(
      ({ proof }) => proof,
      (error: unknown) => {
        if (error instanceof ApiProblem && error.status === 403) return undefined
        throw error
      },
    )
}
