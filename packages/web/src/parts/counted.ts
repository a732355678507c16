/** `1 record`, `2,000 records`, `3 entries`. */
export function counted(count: number, noun: 'record' | 'entry'): string {
  const nouns = noun === 'entry' ? 'entries' : 'records'
  return `${count.toLocaleString('en')} ${count === 1 ? noun : nouns}`
}
