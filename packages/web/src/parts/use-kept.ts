import { useCallback, useState } from 'react'

/** A choice of whoever looks, kept in this browser as a list of texts. What is kept and cannot be read is as if nothing were. */
export function useKept(
  name: string,
): readonly [kept: readonly string[], keep: (texts: readonly string[]) => void] {
  const key = `trailproof.${name}`
  const [kept, setKept] = useState(() => readList(localStorage.getItem(key)))
  const keep = useCallback(
    (texts: readonly string[]) => {
      setKept(texts)
      localStorage.setItem(key, JSON.stringify(texts))
    },
    [key],
  )
  return [kept, keep]
}

function readList(text: string | null): readonly string[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
  } catch {
    return []
  }
}
