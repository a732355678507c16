/**
 * Who acts, told to the next service in a way that nobody else can say it: an actor in a plain header could be sent by anyone. The text is
 * bound to the trace, to the way it travels, and to a time.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Json } from '../recorder/snapshot.ts'

/** How it travels: what was made for one way says nothing on the other. */
export type ActorWay = 'http' | 'carrier'

export interface ActorSeal {
  /** Shared by the services that trust each other; 32 bytes or more. */
  readonly key: string | Uint8Array
  readonly traceId: string
  readonly way: ActorWay
}

export const ACTOR_HEADER = 'x-trailproof-actor'

/** Characters; a longer header is not looked at. */
const SIGNED_CHARS_MAX = 8_192

/** `<base64url of the actor's JSON>.<expiry, ms since 1970>.<base64url HMAC-SHA-256>`. Undefined when it would be too long. */
export function signActor(actor: Json, expiresAtMs: number, seal: ActorSeal): string | undefined {
  const payload = Buffer.from(JSON.stringify(actor)).toString('base64url')
  const signed = `${payload}.${expiresAtMs}.${macOf(payload, expiresAtMs, seal).toString('base64url')}`
  return signed.length <= SIGNED_CHARS_MAX ? signed : undefined
}

/** The actor, or undefined when the text is not signed with this key for this trace and way, or is too old. */
export function verifyActor(signed: string | undefined, nowMs: number, seal: ActorSeal): Json | undefined {
  if (signed === undefined || signed.length > SIGNED_CHARS_MAX) return undefined
  const [payload, expiry, mac, ...more] = signed.split('.')
  if (payload === undefined || expiry === undefined || mac === undefined || more.length > 0) return undefined
  const expiresAtMs = Number(expiry)
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs < nowMs) return undefined
  const expected = macOf(payload, expiresAtMs, seal)
  const given = Buffer.from(mac, 'base64url')
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Json // ours: the MAC says so
}

function macOf(payload: string, expiresAtMs: number, { key, traceId, way }: ActorSeal): Buffer {
  return createHmac('sha256', key)
    .update(`trailproof actor v1\n${way}\n${traceId}\n${expiresAtMs}\n${payload}`)
    .digest()
}
