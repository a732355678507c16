/** The port that remembers, apart from the data, the last checkpoint signed for each ledger. */

/**
 * What was once signed can never be unsigned: a ledger whose data is behind its lock, or has another
 * root at its size, was restored from a backup or copied. Drivers: `file-checkpoint-lock.ts`.
 */
export interface CheckpointLock {
  /** The last signed checkpoint, or undefined when the ledger has no lock. Rejects when it is unreadable. */
  read(ledger: string): Promise<string | undefined>
  /**
   * Replaces the checkpoint; synced to the disk when resolved. If we crash within it the lock holds the
   * old or the new one. The caller never goes backwards; the lock refuses a smaller size.
   */
  advance(ledger: string, checkpoint: string): Promise<void>
  /** Names of all ledgers that have a lock. */
  ledgers(): Promise<readonly string[]>
  [Symbol.asyncDispose](): Promise<void>
}
