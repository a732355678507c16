/** What a step of the indexer adds up before it is written. */
import { ZONE_ENTRIES } from './index-slices.ts'
import { MINUTE_MS, ROLLUP_STEPS } from './rollup-parts.ts'

/** A row a slot and shape instead of a row an entry. */
export class StepTotals {
  readonly zones = new Map<number, { min: number; max: number }>()
  readonly shapes = new Map<number, number>()
  readonly rollups = ROLLUP_STEPS.map((step) => ({ step, slots: new Map<number, Map<number, number>>() }))

  add(position: number, at: number, shape: number): void {
    const number = Math.floor(position / ZONE_ENTRIES)
    const zone = this.zones.get(number)
    if (!zone) this.zones.set(number, { min: at, max: at })
    else if (at < zone.min) zone.min = at
    else if (at > zone.max) zone.max = at
    addOne(this.shapes, shape)
    for (const { step, slots } of this.rollups) {
      const slot = Math.floor(at / (step * MINUTE_MS))
      let shapes = slots.get(slot)
      if (!shapes) slots.set(slot, (shapes = new Map<number, number>()))
      addOne(shapes, shape)
    }
  }
}

function addOne(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
