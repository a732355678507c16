/** When things happen: more by day than by night, as people sleep. */

const SLOTS = 96
const DAY_MS = 86_400_000

/** From a share of all that happens, 0 to 1, to the time at which so much of it has happened. */
export function dayClock(fromMs: number, toMs: number): (share: number) => number {
  const slotMs = (toMs - fromMs) / SLOTS
  const sums = [0]
  for (let i = 0; i < SLOTS; i++) sums.push(sums[i]! + busyAt(fromMs + (i + 0.5) * slotMs))
  const all = sums[SLOTS]!
  return (share) => {
    const wanted = Math.min(1, Math.max(0, share)) * all
    let slot = 0
    while (slot < SLOTS - 1 && sums[slot + 1]! < wanted) slot++
    const within = (wanted - sums[slot]!) / (sums[slot + 1]! - sums[slot]!)
    return fromMs + (slot + within) * slotMs
  }
}

/** Least at 3 in the morning, most at 3 in the afternoon, by UTC. */
function busyAt(ms: number): number {
  return 1.25 + Math.cos(((ms / DAY_MS) % 1) * 2 * Math.PI - 1.25 * Math.PI)
}
