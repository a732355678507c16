/** Who runs a migration, for the books: `deploy@host-1`. */
import { hostname, userInfo } from 'node:os'

export function executedBy(): string {
  return `${userName()}@${hostname()}`
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username
  } catch {
    return `uid-${process.getuid?.() ?? 'unknown'}`
  }
}
