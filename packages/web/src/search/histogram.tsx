/** How many records when, stacked by outcome; a drag over it takes that time, with Shift it leaves it out. */
import { type PointerEvent, useRef, useState } from 'react'
import type { Bucket, Histogram as Counts } from '../api/answers.ts'
import { counted } from '../parts/counted.ts'
import { timeText } from '../time/format-time.ts'
import { useZone } from '../time/zone.tsx'
import styles from './histogram.module.css'
import { OUTCOMES, outcomeOf } from './outcomes.ts'

interface HistogramProps {
  readonly counts: Counts
  readonly onTake: (from: string, to: string) => void
  readonly onLeaveOut: (from: string, to: string) => void
}

const HEIGHT = 72
const SHORT_MS = 10 * 60_000

interface Brush {
  readonly start: number
  readonly end: number
}

export function Histogram({ counts: { buckets }, onTake, onLeaveOut }: HistogramProps) {
  const { name: zone } = useZone()
  const area = useRef<SVGSVGElement>(null)
  const [brush, setBrush] = useState<Brush>()
  const isShort = isWithinMinutes(buckets)
  const highest = Math.max(1, ...buckets.map(({ count }) => count))

  const bucketAt = (event: PointerEvent): number => {
    const { left, width } = area.current!.getBoundingClientRect()
    const at = Math.floor(((event.clientX - left) / width) * buckets.length)
    return Math.min(buckets.length - 1, Math.max(0, at))
  }
  const finish = (event: PointerEvent): void => {
    if (brush === undefined) return
    const [first, last] = [Math.min(brush.start, brush.end), Math.max(brush.start, brush.end)]
    setBrush(undefined)
    const act = event.shiftKey ? onLeaveOut : onTake
    act(buckets[first]!.from, buckets[last]!.to)
  }

  return (
    <figure className={styles.figure}>
      <svg
        ref={area}
        className={styles.area}
        viewBox={`0 0 ${buckets.length} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={summaryOf(buckets, zone)}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId)
          const at = bucketAt(event)
          setBrush({ start: at, end: at })
        }}
        onPointerMove={(event) => brush !== undefined && setBrush({ ...brush, end: bucketAt(event) })}
        onPointerUp={finish}
        onPointerCancel={() => setBrush(undefined)}
      >
        {buckets.map((bucket, i) => (
          <Bar key={bucket.from} bucket={bucket} at={i} highest={highest} zone={zone} />
        ))}
        {brush !== undefined && (
          <rect
            className={styles.brush}
            x={Math.min(brush.start, brush.end)}
            width={Math.abs(brush.end - brush.start) + 1}
            height={HEIGHT}
          />
        )}
      </svg>
      <figcaption className={styles.caption}>
        <span>{shortTime(buckets[0]?.from, zone, isShort)}</span>
        <span>{shortTime(buckets[buckets.length >> 1]?.from, zone, isShort)}</span>
        <span>{shortTime(buckets.at(-1)?.to, zone, isShort)}</span>
      </figcaption>
    </figure>
  )
}

function Bar({ bucket, at, highest, zone }: { bucket: Bucket; at: number; highest: number; zone: string }) {
  let top = HEIGHT
  const parts = partsOf(bucket)
  return (
    <g>
      <title>{`${shortTime(bucket.from, zone, true)} – ${shortTime(bucket.to, zone, true)}\n${parts.map(([outcome, count]) => `${outcome} ${count.toLocaleString('en')}`).join('\n') || 'nothing'}`}</title>
      <rect x={at} width={1} height={HEIGHT} fill="transparent" />
      {parts.map(([outcome, count]) => {
        const height = Math.max(0.75, (count / highest) * (HEIGHT - 2))
        top -= height
        return (
          <rect
            key={outcome}
            className={styles[outcome]}
            x={at + 0.08}
            width={0.84}
            y={top}
            height={height}
          />
        )
      })}
    </g>
  )
}

function partsOf({ by = {} }: Bucket): [(typeof OUTCOMES)[number], number][] {
  const sums = new Map<(typeof OUTCOMES)[number], number>()
  for (const [value, count] of Object.entries(by))
    sums.set(outcomeOf(value), (sums.get(outcomeOf(value)) ?? 0) + count)
  return OUTCOMES.flatMap((outcome) => {
    const count = sums.get(outcome) ?? 0
    return count === 0 ? [] : [[outcome, count]]
  })
}

function shortTime(iso: string | undefined, zone: string, isShort: boolean): string {
  const text = timeText(iso ?? '', zone)
  return text === undefined ? '' : `${text.date.slice(5)} ${text.time.slice(0, isShort ? 8 : 5)}`
}

/** Whether minutes alone would not tell its times apart. */
function isWithinMinutes(buckets: readonly Bucket[]): boolean {
  const [first, last] = [buckets[0], buckets.at(-1)]
  return first !== undefined && Date.parse(last!.to) - Date.parse(first.from) < SHORT_MS
}

/** What the picture shows, for whoever does not see it. */
function summaryOf(buckets: readonly Bucket[], zone: string): string {
  const total = buckets.reduce((sum, { count }) => sum + count, 0)
  const most = buckets.reduce<Bucket | undefined>((a, b) => (a && a.count >= b.count ? a : b), undefined)
  const peak =
    most === undefined
      ? ''
      : `, most of them (${most.count}) at ${shortTime(most.from, zone, isWithinMinutes(buckets))}`
  return `${counted(total, 'record')} over time${peak}`
}
