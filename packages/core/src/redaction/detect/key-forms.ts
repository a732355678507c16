/** Keys of well-known services, told by the beginning and the length that their makers gave them. */

import type { Found } from './found.ts'

export const KEY_HINT =
  /AKIA|ASIA|gh[pousr]_|github_pat_|xox[abeoprs]-|[sr]k_live_|[sr]k_test_|AIza|glpat-|npm_|SG\.|tp_|-----BEGIN/

/** Each begins with fixed characters and no quantifier stands in another: linear. */
const KEY = new RegExp(
  `(?<![A-Za-z0-9])(?:${[
    '(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])', // AWS
    'gh[pousr]_[A-Za-z0-9]{36,}', // GitHub
    'github_pat_[A-Za-z0-9_]{22,}',
    'xox[abeoprs]-[A-Za-z0-9-]{10,}', // Slack
    '[sr]k_(?:live|test)_[A-Za-z0-9]{10,}', // Stripe
    'AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9])', // Google
    'glpat-[A-Za-z0-9_-]{20,}', // GitLab
    'npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])',
    'SG\\.[A-Za-z0-9_-]{16,32}\\.[A-Za-z0-9_-]{16,64}', // SendGrid
    'tp_[0-9a-f]{8}_[A-Za-z0-9_-]{43}(?![A-Za-z0-9])', // Trailproof
  ].join('|')})`,
  'g',
)

/** The next key at or after `from`. */
export function findKey(text: string, from: number): Found | undefined {
  KEY.lastIndex = from
  const match = KEY.exec(text)
  return match === null ? undefined : { from: match.index, to: match.index + match[0].length }
}
