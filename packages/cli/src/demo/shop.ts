/** The records of the shop, in the order in which they come: a pure function of seed and time. */
import { chanceOf } from './chance.ts'
import { dayClock } from './day.ts'
import { INCIDENT_MS, incident } from './incident.ts'
import { type DemoRecord, recordsOf } from './request.ts'
import { ordinaryStory } from './stories.ts'
import { makeWorld } from './world.ts'

export interface Span {
  readonly fromMs: number
  readonly toMs: number
}

/** Of the span, before the incident begins. */
const CALM_SHARE = 0.6
/** Of a short span, that the incident takes at most. */
const INCIDENT_SHARE = 0.25
/** Where nobody said for how long: the incident is there within minutes. */
const LIVE_SPAN_MS = 10 * 60_000

/** Fewer would be over before the incident is. */
export const RECORDS_LEAST = 500

/** Exactly so many records over the span; all of a request is there but of the last one. */
export function* backdatedShop(seed: number, records: number, span: Span): Generator<DemoRecord> {
  const clock = dayClock(span.fromMs, span.toMs)
  const shop = openShop(seed, span)
  let made = 0
  while (made < records)
    for (const record of shop.until(clock(made / records))) {
      yield record
      if (++made === records) return
    }
}

export interface LiveShop {
  /** What happens until then: at least one request. */
  until(atMs: number): readonly DemoRecord[]
}

/** A shop from now on; `forMs` undefined: without end. */
export function liveShop(seed: number, fromMs: number, forMs: number | undefined): LiveShop {
  return openShop(seed, { fromMs, toMs: fromMs + (forMs ?? LIVE_SPAN_MS) })
}

function openShop(seed: number, { fromMs, toMs }: Span): LiveShop {
  const chance = chanceOf(seed)
  const world = makeWorld(chance)
  const spanMs = toMs - fromMs
  const pace = Math.min(1, (INCIDENT_SHARE * spanMs) / INCIDENT_MS)
  const steps = incident(world, chance).map(({ afterMs, story }) => ({
    atMs: fromMs + CALM_SHARE * spanMs + afterMs * pace,
    story,
  }))
  let told = 0
  return {
    until(atMs) {
      const records: DemoRecord[] = []
      for (; told < steps.length && steps[told]!.atMs <= atMs; told++)
        records.push(...recordsOf(steps[told]!.story, steps[told]!.atMs, chance))
      if (records.length > 0) return records
      return recordsOf(ordinaryStory(world, chance), atMs, chance)
    },
  }
}
