/** The verdict about a file of receipts: by themselves, and against the ledger as it is today. */
import { decodeBase64, encodeUtf8, type VerifierKey } from '@trailproof/core'
import { sha256, verifyEd25519 } from '@trailproof/server/ports'
import { parseReceipt, type ReceiptReport, type Verdict, verifyReceipt } from '@trailproof/verify'
import type { Context } from '../context.ts'
import { painterOf, printable } from '../terminal/paint.ts'
import { printJson } from '../terminal/print-json.ts'
import { formatCount, startProgress } from '../terminal/progress.ts'
import type { EvidencePlace, KeysFrom, LedgerEvidence } from './ledger-evidence.ts'
import { exitCodeOf, paintVerdict } from './print-judged.ts'
import { type KeptReceipt, receiptsIn } from './receipts-in-file.ts'
import { rememberSignatures } from './remember-signatures.ts'

const FINDINGS_SHOWN = 20
/** Receipts of one answer share their checkpoint. */
const verifySignature = rememberSignatures(verifyEd25519)

export interface ReceiptsOptions {
  readonly pinned: readonly VerifierKey[]
  /** Where the ledgers are served now; undefined: receipts are judged by themselves. */
  readonly against: EvidencePlace | undefined
  readonly json: boolean
}

interface Finding {
  readonly receipt: number
  readonly verdict: 'broken' | 'unproven'
  readonly index?: number
  readonly step?: string
  readonly detail: string
}

export async function judgeReceipts(path: string, options: ReceiptsOptions, context: Context): Promise<void> {
  const counts = { intact: 0, broken: 0, unproven: 0 }
  let withoutEntry = 0
  const findings: Finding[] = []
  const ledgers = new Ledgers(options)
  {
    using progress = startProgress(context, 'verifying', 'receipts')
    for await (const kept of receiptsIn(path)) {
      if (parseReceipt(kept.value).kind === 'no-entry') {
        withoutEntry++
        continue
      }
      const report = await judge(kept, ledgers)
      counts[report.verdict]++
      if (report.verdict !== 'intact' && findings.length < FINDINGS_SHOWN)
        findings.push(findingOf(kept, report))
      progress.update(counts.intact + counts.broken + counts.unproven, undefined)
    }
  }
  const verdict = verdictOf(counts)
  context.exitWith(exitCodeOf(verdict))
  const { keysFrom } = ledgers
  if (options.json)
    return printJson(context, {
      target: path,
      verdict,
      ...counts,
      without_entry: withoutEntry,
      keys_from: keysFrom,
      findings,
    })
  print({ verdict, counts, withoutEntry, findings, keysFrom }, options, context)
}

function verdictOf({ intact, broken, unproven }: Record<'intact' | 'broken' | 'unproven', number>): Verdict {
  if (broken > 0) return 'broken'
  return unproven > 0 || intact === 0 ? 'unproven' : 'intact'
}

/** Each ledger is opened once; all receipts of a run are held against the same head. */
class Ledgers {
  readonly #options: ReceiptsOptions
  readonly #opened = new Map<string, Promise<LedgerEvidence>>()
  keysFrom: KeysFrom

  constructor(options: ReceiptsOptions) {
    this.#options = options
    this.keysFrom = options.pinned.length > 0 ? 'pinned' : 'nobody'
  }

  async of(
    name: string | undefined,
  ): Promise<Pick<LedgerEvidence, 'verifierKeys'> & Partial<LedgerEvidence>> {
    const { pinned, against } = this.#options
    if (against === undefined || name === undefined || !against.names.includes(name))
      return { verifierKeys: pinned }
    const known = this.#opened.get(name) ?? against.open(name)
    this.#opened.set(name, known)
    const { source, verifierKeys, keysFrom } = await known
    this.keysFrom = keysFrom
    return { source, verifierKeys }
  }
}

async function judge({ value, checkpoint }: KeptReceipt, ledgers: Ledgers): Promise<ReceiptReport> {
  const receipt = parseReceipt(value)
  const { source, verifierKeys } = await ledgers.of(receipt.kind === 'receipt' ? receipt.ledger : undefined)
  const { core, personal } = (typeof value === 'object' ? value : {}) as Record<string, unknown>
  const groups = { core: groupOf(core), personal: groupOf(personal) }
  return verifyReceipt(value, {
    sha256,
    verifyEd25519: verifySignature,
    checkpoint,
    verifierKeys,
    ...(source === undefined ? {} : { source }),
    ...(groups.core === undefined ? {} : { core: groups.core }),
    ...(groups.personal === undefined ? {} : { personal: groups.personal }),
  })
}

/** A group as `trailproof proof --content` writes it. */
function groupOf(value: unknown): { bytes: Uint8Array; salt: Uint8Array } | undefined {
  const { text, salt } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>
  if (typeof text !== 'string' || typeof salt !== 'string') return undefined
  return { bytes: encodeUtf8(text), salt: decodeBase64(salt) ?? new Uint8Array(0) }
}

function findingOf({ number }: KeptReceipt, { verdict, firstBad, missing }: ReceiptReport): Finding {
  return verdict === 'broken' && firstBad !== undefined
    ? { receipt: number, verdict, index: firstBad.index, step: firstBad.step, detail: firstBad.detail }
    : { receipt: number, verdict: 'unproven', detail: missing.join('; ') }
}

interface Told {
  readonly verdict: Verdict
  readonly counts: Readonly<Record<'intact' | 'broken' | 'unproven', number>>
  readonly withoutEntry: number
  readonly findings: readonly Finding[]
  readonly keysFrom: KeysFrom
}

function print(
  { verdict, counts, withoutEntry, findings, keysFrom }: Told,
  { against }: ReceiptsOptions,
  { stdout }: Context,
): void {
  const paint = painterOf(stdout)
  const { intact, broken, unproven } = counts
  const parts = [
    `${formatCount(intact)} intact`,
    ...(broken > 0 ? [`${formatCount(broken)} broken`] : []),
    ...(unproven > 0 ? [`${formatCount(unproven)} unproven`] : []),
  ]
  const lines = [`${paintVerdict(verdict, paint)}  receipts: ${parts.join(', ')}`]
  for (const { receipt, verdict: of, index, step, detail } of findings)
    lines.push(
      `  receipt ${receipt}  ${paintVerdict(of, paint)}${index === undefined ? '' : ` entry ${index} (${step})`}: ${printable(detail)}`,
    )
  const hidden = broken + unproven - findings.length
  if (hidden > 0 && keysFrom !== 'nobody') lines.push(`  and ${formatCount(hidden)} more`)
  if (withoutEntry > 0)
    lines.push(
      `  ${formatCount(withoutEntry)} records were quarantined or refused: nothing of them is to be proven`,
    )
  if (keysFrom === 'nobody')
    lines.push('  no verifier key: give --vkey, or --against a server or data directory')
  if (keysFrom === 'server')
    lines.push(
      `  ${paint('yellow', 'the verifier key is not pinned')}: the server named it itself; give --vkey`,
    )
  if (against === undefined && verdict === 'intact')
    lines.push(paint('dim', '  judged by themselves; --against says whether the ledger still holds them'))
  stdout.write(`${lines.join('\n')}\n`)
}
