/** How something ended, told by word, sign and colour: never by colour alone. */

export const OUTCOMES = ['success', 'failure', 'denied', 'unknown'] as const
export type Outcome = (typeof OUTCOMES)[number]

export const SIGNS: Readonly<Record<Outcome, string>> = {
  success: '✓',
  failure: '✕',
  denied: '⊘',
  unknown: '?',
}

export function outcomeOf(value: unknown): Outcome {
  return OUTCOMES.find((outcome) => outcome === value) ?? 'unknown'
}
