/** Whether an export is what its ledger holds, and whether what is shown beside it is what it proves. */
import { type ExportReport, verifyExport } from '@trailproof/verify'
import type { ShownRecord } from '../api/answers.ts'
import { piecesOf } from '../api/pieces-of.ts'
import { compareShown } from './compare-shown.ts'
import { exportHeader } from './export-header.ts'
import { judgeMemory, type Memory } from './judge-memory.ts'
import type { Judgement, Primitives } from './judgement.ts'
import { keysOf } from './keys-of.ts'

export interface ExportEvidence {
  /** As spec/export.md says. */
  readonly file: Blob
  /** Texts of the keys that are trusted for its ledger. */
  readonly verifierKeys: readonly string[]
  /** What this browser has seen of the ledger; undefined when the export may be older than that. */
  readonly memory?: Memory | undefined
  /** Records that were shown, each of which the export must hold as it was shown. */
  readonly shown?: readonly ShownRecord[] | undefined
}

/** Never rejects for what the file says. */
export async function judgeExport(evidence: ExportEvidence, primitives: Primitives): Promise<Judgement> {
  const report = await verifyExport(piecesOf(evidence.file.stream()), {
    ...primitives,
    verifierKeys: keysOf(evidence.verifierKeys, primitives.sha256),
  })
  const { firstBad, unproven } = report
  if (firstBad !== undefined)
    return broken(`line ${firstBad.line} (entry ${firstBad.index}): ${firstBad.detail}`)
  const header = (await exportHeader(evidence.file))! // what was verified begins with one
  const memory = judgeMemory(
    evidence.memory ?? { knownOrigin: header.head.origin },
    header.head,
    primitives.sha256,
  )
  if (memory.kind === 'broken') return broken(memory.fault)
  const proven = [...sentencesOf(report), ...memory.proven]
  const compared = await compare(evidence.file, evidence.shown ?? [])
  if (compared.fault !== undefined)
    return { ...broken(compared.fault), proven, lacksShown: compared.lacksShown === true }
  const missing = [...unproven.map(({ detail }) => detail), ...memory.missing, ...compared.missing]
  return {
    verdict: missing.length === 0 ? 'intact' : 'unproven',
    proven:
      evidence.shown === undefined || compared.missing.length > 0
        ? proven
        : [...proven, 'what is shown here is what was proved'],
    missing,
    ...(missing.length === 0 && evidence.memory !== undefined && { checkpoint: header.checkpoint }),
  }
}

function sentencesOf({ ledger, range, size, shown, withheld, erased, query, at }: ExportReport): string[] {
  return [
    `each of the ${count(shown)} records stands in its place among entries ${count(range.from)} to ${count(range.to - 1)} of ledger ${ledger}`,
    `the tree of ${count(size)} entries is signed by a key that is trusted`,
    ...(query === ''
      ? ['no entry of the range is missing']
      : [
          `${count(withheld)} others are in the range; that they do not match ${query} at ${at} is the server's word`,
        ]),
    ...(erased === 0 ? [] : [`${count(erased)} were erased, and the ledger says on whose authority`]),
  ]
}

function count(number: number): string {
  return number.toLocaleString('en')
}

interface Compared {
  readonly fault?: string
  /** Whether the fault is that a record is not in the file. */
  readonly lacksShown?: boolean
  readonly missing: readonly string[]
}

/** Whether each record that was shown is in the file as it was shown. */
async function compare(file: Blob, shown: readonly ShownRecord[]): Promise<Compared> {
  const waiting = new Map(shown.map((record) => [record.index, record]))
  const missing: string[] = []
  for await (const line of linesOf(file)) {
    if (waiting.size === 0) break
    const entry = line.startsWith('{"index":') ? entryIn(line) : undefined
    const record = entry && waiting.get(entry.index)
    if (entry === undefined || record === undefined) continue
    waiting.delete(record.index)
    const { altered, unproved } = compareShown(record, {
      core: entry.core ?? undefined,
      personal: entry.personal ?? undefined,
    })
    if (altered.length > 0)
      return {
        fault: `entry ${record.index} is shown otherwise than the ledger holds it: ${altered.join(', ')}`,
        missing,
      }
    if (unproved.length > 0) missing.push(`of entry ${record.index} what is shown as ${unproved.join(', ')}`)
  }
  const [left] = waiting.values()
  return left === undefined
    ? { missing }
    : { fault: `entry ${left.index} is shown, and the server does not prove it`, lacksShown: true, missing }
}

interface Entry {
  readonly index: number
  readonly core: Readonly<Record<string, unknown>> | null
  readonly personal: Readonly<Record<string, unknown>> | null
}

/** Of a line that was verified. */
function entryIn(line: string): Entry {
  return JSON.parse(line) as Entry
}

async function* linesOf(file: Blob): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of piecesOf(file.stream())) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest !== '') yield rest
}

function broken(fault: string): Judgement {
  return { verdict: 'broken', proven: [], missing: [], fault }
}
