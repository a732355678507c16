/** Keys in canonical order (RFC 8785: by UTF-16 code units). */

/** Insertion sort for the few keys that objects usually have; the built-in order is the same. */
export function sortKeys(keys: string[]): void {
  if (keys.length > 16) {
    keys.sort()
    return
  }
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!
    let at = i
    while (at > 0 && keys[at - 1]! > key) {
      keys[at] = keys[at - 1]!
      at--
    }
    keys[at] = key
  }
}
