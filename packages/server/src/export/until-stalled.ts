/** Ends an export whose client takes nothing: it is gone, or keeps others from their exports. */

const STALLED_MS = 120_000

/** The pieces, as long as each is taken in time. Only the client's time counts, not the time that a piece takes to be made. */
export async function* untilStalled<Piece>(
  pieces: AsyncGenerator<Piece>,
  session: { end(reason: Error): void },
  stalledMs = STALLED_MS,
): AsyncGenerator<Piece> {
  for await (const piece of pieces) {
    const timer = setTimeout(() => session.end(new Error('the client takes nothing')), stalledMs)
    try {
      yield piece
    } finally {
      clearTimeout(timer)
    }
  }
}
