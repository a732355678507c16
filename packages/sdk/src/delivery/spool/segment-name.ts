/** Names of segments: `000001.log` and on. */

export function segmentName(number: number): string {
  return `${String(number).padStart(6, '0')}.log`
}

/** Undefined for any other file. */
export function segmentNumber(name: string): number | undefined {
  const [, digits] = /^(\d{6,15})\.log$/.exec(name) ?? []
  return digits === undefined ? undefined : Number(digits)
}
