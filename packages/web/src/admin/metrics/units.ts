/** Figures with their units, each as short as it can be read. */

export function countText(count: number): string {
  return count.toLocaleString('en', { maximumFractionDigits: 0 })
}

export function rateText(perSecond: number): string {
  const digits = perSecond > 0 && perSecond < 10 ? 1 : 0
  return `${perSecond.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })} / s`
}

export function bytesText(bytes: number): string {
  const mib = bytes / 2 ** 20
  return mib < 1024 ? `${mib.toFixed(0)} MiB` : `${(mib / 1024).toFixed(1)} GiB`
}

export function secondsText(seconds: number): string {
  if (seconds <= 0) return '0 s'
  if (seconds < 1) return `${(seconds * 1000).toFixed(seconds < 0.01 ? 1 : 0)} ms`
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  if (seconds < 7200) return `${(seconds / 60).toFixed(0)} min`
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(0)} h` : `${(seconds / 86_400).toFixed(0)} days`
}
