/** Records changes of keys, roles and ledgers where readers of the ledger's accesses look. */
import type { FastifyRequest } from 'fastify'
import type { Access } from '../access/access-log.ts'
import type { Caller } from '../access/caller.ts'
import type { Services } from '../services.ts'

/**
 * Resolves when it is recorded: of what concerns all ledgers, with `main`. The caller is who they were before: they
 * may have revoked themselves.
 */
export function recordChange(
  { accessLog }: Pick<Services, 'accessLog'>,
  request: FastifyRequest,
  caller: Pick<Caller, 'id' | 'name'>,
  action: string,
  { ledger = 'main', ...what }: Pick<Access, 'target' | 'asked'> & { ledger: string | undefined },
): Promise<void> {
  return accessLog.change({ ledger, caller, action, ip: request.ip, requestId: request.id, ...what })
}
