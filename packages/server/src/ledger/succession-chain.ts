/** Ledgers that succeeded one another: all but the last are closed, and the last one says what is done to any of them. */

/** The ledger with its predecessors and successors, the oldest first. `successors`: by what each closed ledger was succeeded. */
export function successionChain(name: string, successors: ReadonlyMap<string, string>): readonly string[] {
  const predecessors = new Map([...successors].map(([closed, successor]) => [successor, closed]))
  return [...followed(name, predecessors).toReversed(), name, ...followed(name, successors)]
}

function followed(name: string, next: ReadonlyMap<string, string>): readonly string[] {
  const found: string[] = []
  for (let at = next.get(name); at !== undefined; at = next.get(at)) {
    // Names are data: those of a damaged store may go round in a circle.
    if (at === name || found.includes(at)) return found
    found.push(at)
  }
  return found
}
