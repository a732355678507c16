/** Runs what watches the host, so that a fault of ours stays ours. */
import { report } from '../recorder/diagnostics.ts'

export function contained(where: string, fn: () => void): void {
  try {
    fn()
  } catch (error) {
    report({ kind: 'fault', where, error })
  }
}
