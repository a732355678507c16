/** The directory's thread: its commits wait for the disk, requests do not. */
import { parentPort, workerData } from 'node:worker_threads'
import type { ApprovalState } from '../approvals/approval-state.ts'
import type { ApprovalMove, StoredApproval } from '../approvals/approval-store.ts'
import type { StoredHold } from '../holds/hold-store.ts'
import { serveCalls } from '../process/worker-call.ts'
import type { RetentionProgress, StoredRetention } from '../retention/retention-store.ts'
import { openDirectory, type Storage } from '../store/storage.ts'
import type { QuarantinedRecord, SavedSearch, StoredKey, StoredRole } from './directory.ts'
import { identityHandlers } from './identity-handlers.ts'

const directory = await openDirectory(workerData as Storage)

const handlers = {
  keys: () => directory.keys(),
  addKey: (key: StoredKey) => directory.addKey(key),
  revokeKey: (prefix: string, at: number) => directory.revokeKey(prefix, at),
  endKey: (prefix: string, at: number) => directory.endKey(prefix, at),
  markKeysUsed: (prefixes: readonly string[], at: number) => directory.markKeysUsed(prefixes, at),
  ...identityHandlers(directory.identities),
  roles: () => directory.roles(),
  putRole: (role: StoredRole) => directory.putRole(role),
  deleteRole: (name: string) => directory.deleteRole(name),
  quarantine: (records: readonly QuarantinedRecord[], max: number) => directory.quarantine(records, max),
  quarantined: (ledger: string, after: string | undefined, limit: number) =>
    directory.quarantined(ledger, after, limit),
  quarantinedRecord: (id: string) => directory.quarantinedRecord(id),
  discard: (id: string) => directory.discard(id),
  quarantineSize: () => directory.quarantineSize(),
  quarantineSizeOf: (ledger: string) => directory.quarantineSizeOf(ledger),
  savedSearches: () => directory.savedSearches(),
  putSavedSearch: (search: SavedSearch) => directory.putSavedSearch(search),
  deleteSavedSearch: (ledger: string, name: string) => directory.deleteSavedSearch(ledger, name),
  acquireLease: (name: string, holder: string, ttlMs: number, now: number) =>
    directory.acquireLease(name, holder, ttlMs, now),
  renewLease: (name: string, holder: string, epoch: number, ttlMs: number, now: number) =>
    directory.renewLease(name, holder, epoch, ttlMs, now),
  releaseLease: (name: string, holder: string, epoch: number) => directory.releaseLease(name, holder, epoch),
  addApproval: (approval: StoredApproval, openMax: number) => directory.addApproval(approval, openMax),
  approval: (id: string) => directory.approval(id),
  approvals: (states: readonly ApprovalState[], limit: number) => directory.approvals(states, limit),
  moveApproval: (id: string, move: ApprovalMove) => directory.moveApproval(id, move),
  forgetApprovals: (askedBefore: number) => directory.forgetApprovals(askedBefore),
  holds: (ledger: string) => directory.holds(ledger),
  addHold: (hold: StoredHold, max: number) => directory.addHold(hold, max),
  holdRecorded: (ledger: string, name: string, entry: number) => directory.holdRecorded(ledger, name, entry),
  deleteHold: (ledger: string, name: string) => directory.deleteHold(ledger, name),
  retention: (ledger: string) => directory.retention(ledger),
  putRetention: (retention: StoredRetention) => directory.putRetention(retention),
  retentionProgress: (ledger: string, changedAt: number, progress: RetentionProgress) =>
    directory.retentionProgress(ledger, changedAt, progress),
  close: () => directory[Symbol.asyncDispose](),
}

export type DirectoryHandlers = typeof handlers

serveCalls(parentPort!, handlers)
