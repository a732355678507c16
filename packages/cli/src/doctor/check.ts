/** One thing that doctor looked at. */

export interface Check {
  readonly name: string
  readonly state: 'ok' | 'warn' | 'fail'
  /** What was found. */
  readonly found: string
  /** What to do about it; empty when all is well. */
  readonly fix: string
}

export function ok(name: string, found: string): Check {
  return { name, state: 'ok', found, fix: '' }
}

export function warn(name: string, found: string, fix: string): Check {
  return { name, state: 'warn', found, fix }
}

export function fail(name: string, found: string, fix: string): Check {
  return { name, state: 'fail', found, fix }
}
