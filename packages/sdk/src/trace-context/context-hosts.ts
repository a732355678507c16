/** Which hosts are told who acts: whoever is told can say it to others for as long as it holds. */

/** `host`: without a port. `names`: in lower case, exact, or `*.suffix`, which the suffix alone is not. */
export function isContextHost(host: string, names: readonly string[]): boolean {
  const lower = host.toLowerCase()
  return names.some((name) =>
    name.startsWith('*.') && name.length > 2
      ? lower.length >= name.length && lower.endsWith(name.slice(1))
      : lower === name,
  )
}
