/** Records a read before its answer is given, in the same words as the same read over HTTP (api/record-reads.ts). */
import type { Access } from '../../access/access-log.ts'
import { knownReader } from '../../api/authorize.ts'
import { recordUnmask } from '../../api/record-reads.ts'
import type { Services } from '../../services.ts'
import type { CallContext } from './method.ts'

/** Of a call whose reader is known; proofs show no content, and are not recorded. */
export async function recordRead(
  context: CallContext,
  { accessLog }: Pick<Services, 'accessLog'>,
  read: Pick<Access, 'action' | 'asked' | 'target'>,
): Promise<void> {
  const reader = knownReader(context)!
  const { caller, view } = reader
  const access = { ledger: view.info.name, caller, ip: context.ip, requestId: undefined, ...read }
  await recordUnmask(reader, access, read.action, accessLog)
  await accessLog.read(access)
}
