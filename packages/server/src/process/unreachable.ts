/** What the server depends on and cannot reach, as load balancers are told. */

/** One that does not answer for so long is taken for away. */
const PATIENCE_MS = 2_000

/** Asks all of them at once; each rejects, or does not answer, when it is away. Gives the names of those, in their order. */
export function unreachableOf(
  asked: Readonly<Record<string, () => Promise<unknown>>>,
  patienceMs = PATIENCE_MS,
): () => Promise<readonly string[]> {
  return async () => {
    const away = await Promise.all(
      Object.entries(asked).map(async ([name, ask]) => ((await answers(ask, patienceMs)) ? [] : [name])),
    )
    return away.flat()
  }
}

async function answers(ask: () => Promise<unknown>, patienceMs: number): Promise<boolean> {
  const late = Promise.withResolvers<false>()
  const timer = setTimeout(() => late.resolve(false), patienceMs)
  try {
    return await Promise.race([ask().then(() => true), late.promise])
  } catch {
    return false // why is told to whoever sends a record
  } finally {
    clearTimeout(timer)
  }
}
