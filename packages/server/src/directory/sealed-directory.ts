/** A directory whose quarantined records and open requests are sealed, and what legal holds name under the data keys of their ledger, whichever driver keeps it. */
import type { StoredApproval } from '../approvals/approval-store.ts'
import type { HeldRecords, StoredHold } from '../holds/hold-store.ts'
import type { ContentKeys } from '../keyring/content-keys.ts'
import { DataKeyUnknown, keyIdOf } from '../keyring/ledger-cipher.ts'
import { TrailproofError } from '../trailproof-error.ts'
import type { Directory, QuarantinedRecord } from './directory.ts'

/** Stands in the place of the problems, which are ours: no sender can make one like it. */
interface Sealed {
  /** Base64. */
  readonly sealed: string
}

export function sealedDirectory(inner: Directory, keys: ContentKeys): Directory {
  const opened = (record: QuarantinedRecord): Promise<QuarantinedRecord> => open(record, keys)
  return new Proxy(inner, {
    get(target, name: keyof Directory) {
      switch (name) {
        case 'quarantine':
          return async (records: readonly QuarantinedRecord[], max: number) => {
            const sealed: QuarantinedRecord[] = []
            for (const record of records) sealed.push(await seal(record, keys))
            return target.quarantine(sealed, max)
          }
        case 'quarantined':
          return async (...asked: Parameters<Directory['quarantined']>) =>
            Promise.all((await target.quarantined(...asked)).map(opened))
        case 'quarantinedRecord':
          return async (id: string) => {
            const record = await target.quarantinedRecord(id)
            return record && opened(record)
          }
        case 'addApproval':
          return async (approval: StoredApproval, openMax: number) =>
            target.addApproval(await sealRequest(approval, keys), openMax)
        case 'approval':
          return async (id: string) => {
            const approval = await target.approval(id)
            return approval && openRequest(approval, keys)
          }
        case 'addHold':
          return async (hold: StoredHold, max: number) => target.addHold(await sealHold(hold, keys), max)
        case 'holds':
          return async (ledger: string) =>
            Promise.all((await target.holds(ledger)).map((hold) => openHold(hold, keys)))
        default: {
          const member: unknown = target[name]
          return typeof member === 'function' ? (member.bind(target) as unknown) : member
        }
      }
    },
  })
}

async function seal(record: QuarantinedRecord, keys: ContentKeys): Promise<QuarantinedRecord> {
  const { problems, source } = record
  const cipher = await keys.writing(record.ledger)
  if (cipher === undefined) return record
  const sealed = cipher.seal(Buffer.from(JSON.stringify({ problems, source })), placeOf(record))
  return { ...record, problems: [{ sealed: sealed.toString('base64') } satisfies Sealed], source: '' }
}

/** What was quarantined in clear stays readable. */
async function open(record: QuarantinedRecord, keys: ContentKeys): Promise<QuarantinedRecord> {
  const [{ sealed } = {}] = record.problems as readonly Partial<Sealed>[]
  if (typeof sealed !== 'string') return record
  const bytes = Buffer.from(sealed, 'base64')
  return keys.reading(record.ledger, (cipher) => {
    if (cipher === undefined) throw new DataKeyUnknown(record.ledger, keyIdOf(bytes), undefined)
    const text = cipher.unseal(bytes, placeOf(record))
    if (text === undefined)
      throw new TrailproofError(
        'DATA_DAMAGED',
        `quarantined record ${record.id} of ledger ${record.ledger} is not what was sealed`,
      )
    return { ...record, ...(JSON.parse(text.toString()) as Pick<QuarantinedRecord, 'problems' | 'source'>) }
  })
}

function placeOf({ ledger, id }: QuarantinedRecord): string {
  return `quarantine\n${ledger}\n${id}`
}

/** No act as JSON begins like it. */
const SEALED_REQUEST = 'sealed:'

async function sealRequest(approval: StoredApproval, keys: ContentKeys): Promise<StoredApproval> {
  const cipher = await keys.writing(approval.ledger)
  if (cipher === undefined) return approval
  const sealed = cipher.seal(Buffer.from(approval.request), placeOfRequest(approval))
  return { ...approval, request: SEALED_REQUEST + sealed.toString('base64') }
}

async function openRequest(approval: StoredApproval, keys: ContentKeys): Promise<StoredApproval> {
  const { request, ledger, id } = approval
  if (!request.startsWith(SEALED_REQUEST)) return approval
  const bytes = Buffer.from(request.slice(SEALED_REQUEST.length), 'base64')
  return keys.reading(ledger, (cipher) => {
    if (cipher === undefined) throw new DataKeyUnknown(ledger, keyIdOf(bytes), undefined)
    const text = cipher.unseal(bytes, placeOfRequest(approval))
    if (text === undefined)
      throw new TrailproofError('DATA_DAMAGED', `the request of approval ${id} is not what was sealed`)
    return { ...approval, request: text.toString() }
  })
}

function placeOfRequest({ ledger, id }: StoredApproval): string {
  return `approval\n${ledger}\n${id}`
}

/** A query that nobody can write: it stands for what is sealed in it. */
async function sealHold(hold: StoredHold, keys: ContentKeys): Promise<StoredHold> {
  const cipher = await keys.writing(hold.ledger)
  if (cipher === undefined) return hold
  const sealed = cipher.seal(Buffer.from(JSON.stringify(hold.records)), placeOfHold(hold))
  return { ...hold, records: { kind: 'query', query: SEALED_REQUEST + sealed.toString('base64') } }
}

async function openHold(hold: StoredHold, keys: ContentKeys): Promise<StoredHold> {
  const { ledger, name, records } = hold
  if (records.kind !== 'query' || !records.query.startsWith(SEALED_REQUEST)) return hold
  const bytes = Buffer.from(records.query.slice(SEALED_REQUEST.length), 'base64')
  return keys.reading(ledger, (cipher) => {
    if (cipher === undefined) throw new DataKeyUnknown(ledger, keyIdOf(bytes), undefined)
    const text = cipher.unseal(bytes, placeOfHold(hold))
    if (text === undefined)
      throw new TrailproofError('DATA_DAMAGED', `hold ${name} of ledger ${ledger} is not what was sealed`)
    return { ...hold, records: JSON.parse(text.toString()) as HeldRecords }
  })
}

function placeOfHold({ ledger, name }: StoredHold): string {
  return `hold\n${ledger}\n${name}`
}
