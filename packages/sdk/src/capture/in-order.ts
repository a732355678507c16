/** Keys in canonical order (RFC 8785: by UTF-16 code units), one level deep. */

type Members = Readonly<Record<string, unknown>>

/** The same object when they are already. */
export function inOrder<Value extends Members>(object: Value): Value {
  const keys = Object.keys(object)
  for (let i = 1; i < keys.length; i++)
    if (keys[i - 1]! > keys[i]!)
      return Object.fromEntries(keys.toSorted().map((key) => [key, object[key]])) as Value // the same members
  return object
}
