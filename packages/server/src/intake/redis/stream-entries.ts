/** Entries of streams, their values as bytes: the answers of XREADGROUP and XAUTOCLAIM, which the client would make texts of. */
import { RESP_TYPES } from 'redis'
import type { RedisClient } from './redis-client.ts'

export interface StreamEntry {
  readonly stream: string
  readonly id: string
  /** Undefined for an entry that was deleted while it was pending. */
  readonly fields: ReadonlyMap<string, Buffer> | undefined
}

export const GROUP = 'sequencers'
/** Whoever holds a stream reads it under this name: a consumer that is deleted would take what it has not acknowledged with it. */
const CONSUMER = 'holder'

type RawEntry = readonly [id: Buffer, fields: readonly Buffer[] | null]

const BYTES = { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } }

/** New entries, oldest first in each stream; none when there are none for `blockMs`. */
export async function readNew(
  redis: RedisClient,
  streams: readonly string[],
  { count, blockMs }: { readonly count: number; readonly blockMs: number },
): Promise<StreamEntry[]> {
  const reply = await redis.sendCommand<readonly (readonly [Buffer, readonly RawEntry[]])[] | null>(
    [
      'XREADGROUP',
      'GROUP',
      GROUP,
      CONSUMER,
      'COUNT',
      String(count),
      'BLOCK',
      String(blockMs),
      'STREAMS',
      ...streams,
      ...streams.map(() => '>'),
    ],
    BYTES,
  )
  return (reply ?? []).flatMap(([stream, entries]) =>
    entries.map((entry) => entryOf(stream.toString(), entry)),
  )
}

/** What was handed out and never acknowledged, oldest first, from `start` on; it is ours now. */
export async function claimPending(
  redis: RedisClient,
  stream: string,
  { start, count }: { readonly start: string; readonly count: number },
): Promise<{ entries: StreamEntry[]; next: string }> {
  const [next, entries] = await redis.sendCommand<readonly [Buffer, readonly RawEntry[]]>(
    ['XAUTOCLAIM', stream, GROUP, CONSUMER, '0', start, 'COUNT', String(count)],
    BYTES,
  )
  return { entries: entries.map((entry) => entryOf(stream, entry)), next: next.toString() }
}

/** Makes stream and group where they are not there; what is in the stream already is taken too. */
export async function makeGroup(redis: RedisClient, stream: string): Promise<void> {
  try {
    await redis.xGroupCreate(stream, GROUP, '0', { MKSTREAM: true })
  } catch (error) {
    if (!(error as Error).message.startsWith('BUSYGROUP')) throw error
  }
}

function entryOf(stream: string, [id, fields]: RawEntry): StreamEntry {
  if (fields === null) return { stream, id: id.toString(), fields: undefined }
  const named = new Map<string, Buffer>()
  for (let i = 0; i + 1 < fields.length; i += 2) named.set(fields[i]!.toString(), fields[i + 1]!)
  return { stream, id: id.toString(), fields: named }
}
