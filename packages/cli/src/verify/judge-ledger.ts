/** The verdict about one ledger of a place. */
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { type EvidenceSource, type Report, type SuccessorEvidence, verifyLedger } from '@trailproof/verify'
import type { Progress } from '../terminal/progress.ts'
import { notingErased, SeenOfLedgers, withholdingNewlyErased } from './erased-meanwhile.ts'
import type { EvidencePlace, KeysFrom, LedgerEvidence } from './ledger-evidence.ts'
import type { RememberedFile } from './remembered-file.ts'

export interface Judged extends Report {
  readonly ledger: string
  readonly keysFrom: KeysFrom
  /** The reading that the report is about. */
  readonly evidence: LedgerEvidence
  /** Entries stored beyond the checkpoint: a crash came between writing and signing, or they are being signed. */
  readonly unsigned: number
  readonly tookMs: number
}

export interface JudgeOptions {
  readonly from: number | undefined
  readonly remembered: RememberedFile | undefined
  readonly progress: Progress
  readonly now: () => number
}

/**
 * A ledger that is written to may be erased from while it is read. Then it is read once more under a newer
 * checkpoint: what was gone in the first reading must be covered now, and what went since is left to the next.
 */
export async function judgeLedger(
  place: EvidencePlace,
  name: string,
  options: JudgeOptions,
): Promise<Judged> {
  const startedAt = options.now()
  const seenOf = new SeenOfLedgers()
  let evidence = await place.open(name)
  const judge = (read: typeof notingErased): Promise<Report> => {
    const successors = async (): Promise<readonly SuccessorEvidence[]> =>
      (await place.successorsOf(name)).map((each) => ({
        ...each,
        source: read(each.source, seenOf.ledger(each.name)),
      }))
    return judgeOnce(evidence, read(evidence.source, seenOf.ledger(name)), successors, options)
  }
  let report = await judge(notingErased)
  if (report.firstBad?.step === 'erasure') {
    evidence = await place.open(name)
    report = await judge(withholdingNewlyErased)
  }
  if (isSigned(report)) options.remembered?.add(name, await evidence.source.checkpoint(), options.now())
  return {
    ...report,
    unproven: withReason(report.unproven, evidence.withheldBecause?.()),
    ledger: name,
    keysFrom: evidence.keysFrom,
    evidence,
    unsigned: Math.max(0, evidence.storedSize - report.size),
    tookMs: options.now() - startedAt,
  }
}

function withReason(unproven: Report['unproven'], reason: string | undefined): Report['unproven'] {
  if (reason === undefined) return unproven
  return unproven.map((item) =>
    item.what === 'core' || item.what === 'personal'
      ? { ...item, detail: `${item.detail}: ${reason}` }
      : item,
  )
}

function judgeOnce(
  { name, verifierKeys, remembered: kept }: LedgerEvidence,
  source: EvidenceSource,
  successors: () => Promise<readonly SuccessorEvidence[]>,
  { from, remembered, progress }: JudgeOptions,
): Promise<Report> {
  return verifyLedger(source, {
    sha256,
    verifyEd25519,
    verifierKeys,
    remembered: [...kept, ...(remembered?.of(name) ?? [])],
    successors,
    ...(from === undefined ? {} : { from }),
    onProgress: ({ checked, size }) => progress.update(checked, size, name),
  })
}

/** Whether a trusted key is behind the checkpoint: withheld content does not matter to that. */
function isSigned({ verdict, unproven }: Report): boolean {
  return verdict !== 'broken' && unproven.every(({ what }) => what === 'core' || what === 'personal')
}
