/**
 * What this browser trusts: which ledger has a name, and of each ledger, by its origin, the keys that it saw first and the newest
 * checkpoint that it found good. A server that later shows another ledger, other keys or an older history is noticed here.
 */
import { readCheckpoint } from '@trailproof/core'

interface Trust {
  readonly keys: readonly string[]
  readonly checkpoint?: string
}

const nameOf = (ledger: string): string => `trailproof.origin ${ledger}`
const placeOf = (origin: string): string => `trailproof.trust ${origin}`

function kept(origin: string): Trust | undefined {
  return trustIn(localStorage.getItem(placeOf(origin)))
}

function trustIn(text: string | null | undefined): Trust | undefined {
  return text == null ? undefined : (JSON.parse(text) as Trust)
}

/** The keys that were pinned; those that are shown now are, when there were none. */
export function pinnedKeys(origin: string, shown: readonly string[]): readonly string[] {
  const trust = kept(origin)
  if (trust !== undefined) return trust.keys
  if (shown.length === 0) return shown
  localStorage.setItem(placeOf(origin), JSON.stringify({ keys: shown } satisfies Trust))
  return shown
}

/**
 * The checkpoint that this browser remembers at this moment of each ledger, by its origin. It is taken before the server is
 * asked: what another tab sees meanwhile can be newer than the answer, and is no sign that the ledger went back.
 */
export function rememberedCheckpoints(): (origin: string) => string | undefined {
  const texts: Readonly<Record<string, string>> = Object.fromEntries(Object.entries(localStorage))
  return (origin) => trustIn(texts[placeOf(origin)])?.checkpoint
}

/** Which ledger this browser knows under a name: the one that it saw first. */
export function knownOrigin(name: string, shown: string): string {
  const known = localStorage.getItem(nameOf(name))
  if (known === null) localStorage.setItem(nameOf(name), shown)
  return known ?? shown
}

/** The next ledger that is shown under the name is known from then on. What is known of the one before stays known of it. */
export function forgetOrigin(name: string): void {
  localStorage.removeItem(nameOf(name))
}

/** Of two, the one of more entries is remembered. */
export function rememberCheckpoint(origin: string, checkpoint: string): void {
  const trust = kept(origin)
  if (trust === undefined) return
  const [before, now] = [readCheckpoint(trust.checkpoint ?? ''), readCheckpoint(checkpoint)]
  if (now.kind === 'problem' || (before.kind !== 'problem' && before.size > now.size)) return
  localStorage.setItem(placeOf(origin), JSON.stringify({ ...trust, checkpoint } satisfies Trust))
}
