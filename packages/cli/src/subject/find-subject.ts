/** Everything that a server keeps of somebody: what `trailproof erase --subject` would reach. */
import { decodeBase64, decodeLeaf, encodeUuid } from '@trailproof/core'
import { formatFilter } from '@trailproof/core/query'
import { concerns, type DataSubject, namer, subjectFilter } from '@trailproof/server/ports'
import type { EntryAnswer, RecordsAnswer, UserAnswer } from '../api/answers.ts'
import type { ApiClient } from '../api/api-client.ts'
import type { ProvedRecord } from '../read/receipt-of.ts'

const PAGE = 1_000
const ENTRIES_A_READ = 256

/** Records that they did, that were done in their name, or to them; oldest first. */
export async function* recordsOf(
  subject: DataSubject,
  ledger: string,
  client: ApiClient,
): AsyncGenerator<ProvedRecord> {
  const query = { ledger, q: formatFilter(subjectFilter(subject)), order: 'oldest', limit: PAGE }
  let cursor: string | undefined
  do {
    const page: RecordsAnswer = await client.json('/v1/search', { query: { ...query, cursor } })
    // Queries take letters as they come, and know no types of subjects.
    for (const record of page.records) if (concerns(JSON.stringify(record), subject)) yield record
    cursor = page.next ?? undefined
  } while (cursor !== undefined)
}

/** What was asked, viewed or changed about them, or by them: all of the ledger of accesses is looked through. */
export async function* accessesOf(
  subject: DataSubject,
  ledger: string,
  client: ApiClient,
): AsyncGenerator<ProvedRecord> {
  const isNamed = namer(subject)
  for (let from = 0; ; ) {
    const query = { from, count: ENTRIES_A_READ }
    const path = `/v1/ledgers/${encodeURIComponent(ledger)}/entries`
    const { entries, size } = await client.json<{ entries: readonly EntryAnswer[]; size: number }>(path, {
      query,
    })
    for (const { index, leaf, personal } of entries) {
      const decoded = decodeLeaf(decodeBase64(leaf) ?? new Uint8Array(0))
      const text = typeof personal === 'object' && 'text' in personal ? personal.text : ''
      if (decoded.kind === 'problem' || !isNamed(text)) continue
      const recorded_at = new Date(Math.floor(decoded.recordedAtUs / 1000)).toISOString()
      yield { id: encodeUuid(decoded.id), ledger, index, recorded_at }
    }
    from += ENTRIES_A_READ
    if (from >= size) return
  }
}

/** Records that were not valid and name them. */
export async function* quarantinedOf(
  subject: DataSubject,
  ledger: string,
  client: ApiClient,
): AsyncGenerator<object> {
  const isNamed = namer(subject)
  let after: string | undefined
  do {
    const { records } = await client.json<{ records: readonly { id: string }[] }>('/v1/quarantine', {
      query: { ledger, after, limit: PAGE },
    })
    for (const record of records) if (isNamed(JSON.stringify(record))) yield record
    after = records.length < PAGE ? undefined : records.at(-1)!.id
  } while (after !== undefined)
}

export async function savedSearchesOf(
  subject: DataSubject,
  ledger: string,
  client: ApiClient,
): Promise<readonly object[]> {
  const { searches } = await client.json<{ searches: readonly object[] }>('/v1/saved', { query: { ledger } })
  return searches.filter((search) => namer(subject)(JSON.stringify(search)))
}

/** Their account and its sessions, where they have one under this id or address. */
export async function accountOf({ id }: DataSubject, client: ApiClient): Promise<object | undefined> {
  const { users } = await client.json<{ users: readonly UserAnswer[] }>('/v1/users')
  const user = users.find((each) => id === each.id || id === `user:${each.id}` || id === each.email)
  if (user === undefined) return undefined
  const sessions = await client.json<{ sessions: readonly object[] }>('/v1/sessions', {
    query: { user: user.id },
  })
  return { ...user, ...sessions }
}
