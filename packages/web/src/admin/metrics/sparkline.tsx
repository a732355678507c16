import styles from './metrics.module.css'

const [WIDTH, HEIGHT] = [120, 24]

/** How a figure went, from zero to the highest; what was not measured is a gap. */
export function Sparkline({
  values,
  room,
}: {
  readonly values: readonly (number | undefined)[]
  readonly room: number
}) {
  const highest = Math.max(0, ...values.map((value) => value ?? 0)) || 1
  const step = WIDTH / Math.max(1, room - 1)
  const start = room - values.length
  const lines = values.reduce<string[][]>(
    (pieces, value, i) => {
      if (value === undefined) return [...pieces, []]
      const x = ((start + i) * step).toFixed(1)
      pieces.at(-1)!.push(`${x},${(HEIGHT - 1 - (value / highest) * (HEIGHT - 2)).toFixed(1)}`)
      return pieces
    },
    [[]],
  )
  return (
    // The figure beside it says what is now; how it went is for eyes alone.
    <svg
      className={styles.spark}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {lines
        .filter((points) => points.length > 0)
        .map((points) => (
          <polyline key={points[0]} points={points.join(' ')} />
        ))}
    </svg>
  )
}
