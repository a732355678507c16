/** What is said where Node is too old: its own words would name a module that it does not have. */
import { usageFailure } from './failure.ts'

/** As in `engines` of package.json. */
const MAJOR_MIN = 24

export function assertNodeVersion(version: string): void {
  if (Number(version.split('.')[0]) >= MAJOR_MIN) return
  throw usageFailure(`trailproof needs Node ${MAJOR_MIN} or newer; this is ${version}`)
}
