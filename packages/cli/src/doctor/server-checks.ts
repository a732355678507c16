/** What a running server says of itself: reachable, token, clock, readiness, search. */

import type { LedgerAnswer } from '../api/answers.ts'
import { type ApiClient, Refusal } from '../api/api-client.ts'
import { formatCount } from '../terminal/progress.ts'
import { type Check, fail, ok, warn } from './check.ts'

const CLOCK_SKEW_WARN_MS = 5_000
const INDEX_LAG_WARN = 100_000

export async function serverChecks(client: ApiClient, now: () => number): Promise<Check[]> {
  const sentAt = now()
  let health: Response
  try {
    health = await client.call('/healthz')
  } catch (error) {
    return [
      warn('server', (error as Error).message, 'start it with: trailproof serve; or name another with --url'),
    ]
  }
  const { version } = (await health.json()) as { version?: string }
  return [
    ok('server', `${client.url}, version ${version ?? 'unknown'}`),
    clockCheck(health.headers.get('date'), (sentAt + now()) / 2),
    await readyCheck(client),
    ...(await tokenChecks(client)),
  ]
}

/** The header counts whole seconds, so half of one is nobody's fault. */
function clockCheck(date: string | null, nowMs: number): Check {
  const serverMs = Date.parse(date ?? '')
  if (Number.isNaN(serverMs)) return warn('clock', 'the server does not tell its time', '')
  const skewMs = Math.max(0, Math.abs(serverMs + 500 - nowMs) - 500)
  const found = `${(skewMs / 1000).toFixed(1)} s apart from the server`
  return skewMs > CLOCK_SKEW_WARN_MS
    ? warn('clock', found, 'set both clocks by NTP: times in records come from producers')
    : ok('clock', found)
}

async function readyCheck(client: ApiClient): Promise<Check> {
  try {
    await client.call('/readyz')
    return ok('readiness', 'takes records')
  } catch (error) {
    const status = error instanceof Refusal ? String(error.problem['status']) : (error as Error).message
    return fail(
      'readiness',
      `takes no records: ${status}`,
      'see the checks of disks and ledgers, and the server’s log',
    )
  }
}

async function tokenChecks(client: ApiClient): Promise<Check[]> {
  if (!client.hasToken) return [warn('token', 'none given', 'give one with --token or TRAILPROOF_TOKEN')]
  try {
    const { ledgers } = await client.json<{ ledgers: readonly LedgerAnswer[] }>('/v1/ledgers')
    return [ok('token', `valid, reads ${ledgers.length} ledger(s)`), ...ledgers.flatMap(ledgerChecks)]
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) return [ok('token', 'valid, without scope read')]
    return [fail('token', (error as Error).message, 'make one with: trailproof key create')]
  }
}

function ledgerChecks({ name, state, size, indexed_size }: LedgerAnswer): Check[] {
  const behind = Math.max(0, size - indexed_size)
  const search = `search ${name}`
  const index =
    behind > INDEX_LAG_WARN
      ? warn(
          search,
          `${formatCount(behind)} entries behind`,
          'wait, or look into the server’s log for indexing',
        )
      : ok(search, behind === 0 ? 'up to date' : `${formatCount(behind)} entries behind`)
  return state.kind === 'blocked'
    ? [fail(`ledger ${name}`, state.reason, 'the reason says what to do; then start the server again'), index]
    : [index]
}
