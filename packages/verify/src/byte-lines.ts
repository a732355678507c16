/** Lines of a stream of bytes, as the bytes they are. */

const NEWLINE = 0x0a

/**
 * Yields each line without its newline, also a last one that has none. A line longer than `lineBytesMax` comes as
 * undefined and ends the reading: what follows it cannot be told from what belongs to it.
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<readonly Uint8Array[] | undefined> {
  let begun: Uint8Array[] = []
  let begunBytes = 0
  for await (const chunk of chunks) {
    const lines: Uint8Array[] = []
    let from = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const rest = chunk.subarray(from, end)
      lines.push(begun.length === 0 ? rest : joined([...begun, rest], begunBytes + rest.length))
      begun = []
      begunBytes = 0
      from = end + 1
    }
    if (lines.length > 0) yield lines
    if (from === chunk.length) continue
    begun.push(chunk.subarray(from))
    begunBytes += chunk.length - from
    if (begunBytes > lineBytesMax) {
      yield undefined
      return
    }
  }
  if (begunBytes > 0) yield [joined(begun, begunBytes)]
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
