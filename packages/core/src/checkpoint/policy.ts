/** Which signatures make a checkpoint acceptable (C2SP tlog-policy): any listed log, and a quorum of witnesses. */

import type { Sha256 } from '../merkle/hash.ts'
import type { OpenedCheckpoint } from './checkpoint.ts'
import { openCheckpoint } from './checkpoint.ts'
import type { KeyAlgorithm, VerifierKey, VerifyEd25519 } from './verifier-key.ts'
import { parseVerifierKey } from './verifier-key.ts'

/** At most this many logs, witnesses and groups each, and this long a text (UTF-16 units). */
export const POLICY_ITEMS_MAX = 64
export const POLICY_LENGTH_MAX = 65_536

/** Satisfied by one witness's cosignature, or by `threshold` of the members. */
export type Quorum =
  | { readonly kind: 'witness'; readonly key: VerifierKey }
  | { readonly kind: 'group'; readonly threshold: number; readonly members: readonly Quorum[] }
  | { readonly kind: 'none' }

export interface Policy {
  readonly logs: readonly VerifierKey[]
  readonly witnesses: readonly VerifierKey[]
  readonly quorum: Quorum
}

export type ParsedPolicy =
  | { readonly kind: 'policy'; readonly policy: Policy }
  | { readonly kind: 'problem'; readonly problem: string }

interface Draft {
  readonly logs: VerifierKey[]
  readonly witnesses: VerifierKey[]
  readonly names: Map<string, Quorum>
  readonly usedAsMember: Set<string>
  quorum?: Quorum
}

// oxlint-disable-next-line no-control-regex -- they are what is refused
const FORBIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f]/u

export function parsePolicy(text: string, sha256: Sha256): ParsedPolicy {
  if (text.length > POLICY_LENGTH_MAX) return problem(`it has more than ${POLICY_LENGTH_MAX} characters`)
  if (FORBIDDEN.test(text)) return problem('it has control characters')
  const draft: Draft = { logs: [], witnesses: [], names: new Map(), usedAsMember: new Set() }
  for (const [number, line] of text.split('\n').entries()) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '')
    if (words.length === 0 || words[0]!.startsWith('#')) continue
    const fault = readLine(words, draft, sha256)
    if (fault !== undefined) return problem(`line ${number + 1} ${fault}`)
  }
  const { logs, witnesses, quorum } = draft
  return quorum === undefined
    ? problem('it has no quorum line')
    : { kind: 'policy', policy: { logs, witnesses, quorum } }
}

/** The checkpoint, when a log of the policy signed it and the witnesses of the quorum cosigned it. */
export function openUnderPolicy(
  note: string,
  policy: Policy,
  verifyEd25519: VerifyEd25519,
): OpenedCheckpoint {
  const opened = openCheckpoint(note, [...policy.logs, ...policy.witnesses], verifyEd25519)
  if (opened.kind !== 'checkpoint') return opened
  const cosigners = new Set(opened.cosignedBy.map(({ key }) => key))
  return isWitnessed(policy.quorum, cosigners) ? opened : problem('its quorum of witnesses is not reached')
}

function isWitnessed(quorum: Quorum, cosigners: ReadonlySet<VerifierKey>): boolean {
  if (quorum.kind === 'none') return true
  if (quorum.kind === 'witness') return cosigners.has(quorum.key)
  return quorum.members.filter((member) => isWitnessed(member, cosigners)).length >= quorum.threshold
}

/** What is wrong with the line, if anything. */
function readLine(words: readonly string[], draft: Draft, sha256: Sha256): string | undefined {
  const [keyword, ...rest] = words
  if (keyword === 'log') return readLog(rest, draft, sha256)
  if (keyword === 'witness') return readWitness(rest, draft, sha256)
  if (keyword === 'group') return readGroup(rest, draft)
  if (keyword === 'quorum') return readQuorum(rest, draft)
  return 'starts with none of log, witness, group and quorum'
}

function readLog([vkey = '', ...url]: readonly string[], draft: Draft, sha256: Sha256): string | undefined {
  if (url.length > 1) return 'has more than a key and a URL'
  const key = readKey(vkey, 'ed25519', draft.logs, sha256)
  if (typeof key === 'string') return key
  draft.logs.push(key)
  return undefined
}

function readWitness(
  [name = '', vkey = '', ...url]: readonly string[],
  draft: Draft,
  sha256: Sha256,
): string | undefined {
  if (url.length > 1) return 'has more than a name, a key and a URL'
  const key = readKey(vkey, 'cosignature/v1', draft.witnesses, sha256)
  if (typeof key === 'string') return key
  draft.witnesses.push(key)
  return define(name, { kind: 'witness', key }, draft)
}

function readGroup([name = '', count = '', ...members]: readonly string[], draft: Draft): string | undefined {
  const quorums: Quorum[] = []
  for (const member of members) {
    const quorum = draft.names.get(member)
    if (quorum === undefined) return `names ${member}, which no line above defines`
    if (draft.usedAsMember.has(member)) return `names ${member}, which is a member already`
    draft.usedAsMember.add(member)
    quorums.push(quorum)
  }
  const threshold = count === 'any' ? 1 : count === 'all' ? members.length : Number(count)
  if (!/^(?:any|all|[1-9][0-9]{0,2})$/.test(count) || members.length === 0 || threshold > members.length)
    return 'needs a threshold from 1 to the number of its members'
  return define(name, { kind: 'group', threshold, members: quorums }, draft)
}

function readQuorum([name = '', ...more]: readonly string[], draft: Draft): string | undefined {
  const quorum: Quorum | undefined = name === 'none' ? { kind: 'none' } : draft.names.get(name)
  if (quorum === undefined || more.length > 0) return 'must name one witness or group defined above, or none'
  if (draft.quorum !== undefined) return 'is a second quorum'
  draft.quorum = quorum
  return undefined
}

function readKey(
  vkey: string,
  algorithm: KeyAlgorithm,
  others: readonly VerifierKey[],
  sha256: Sha256,
): VerifierKey | string {
  const parsed = parseVerifierKey(vkey, sha256)
  if (parsed.kind === 'problem') return `: ${parsed.problem}`
  if (parsed.key.algorithm !== algorithm) return `needs a key of type ${algorithm}`
  if (others.length >= POLICY_ITEMS_MAX) return `is more than ${POLICY_ITEMS_MAX} of its kind`
  // The same key under another name would count twice.
  const bytes = parsed.key.publicKey.join()
  return others.some((other) => other.publicKey.join() === bytes) ? 'repeats a key' : parsed.key
}

function define(name: string, quorum: Quorum, draft: Draft): string | undefined {
  if (name === 'none' || draft.names.has(name)) return `defines ${name}, which is taken`
  if (draft.names.size >= 2 * POLICY_ITEMS_MAX) return 'defines too many names'
  draft.names.set(name, quorum)
  return undefined
}

function problem(what: string): { kind: 'problem'; problem: string } {
  return { kind: 'problem', problem: `the policy: ${what}` }
}
