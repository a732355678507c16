/** Questions about JSON values, and the JSON Pointer of a member. */

export type JsonObject = { readonly [key: string]: unknown }

/** Names and values in turn. */
export function isFlatList(value: object, withNumbers: boolean): value is readonly unknown[] {
  return (
    Array.isArray(value) && value.length % 2 === 0 && value.every((item) => isHeaderValue(item, withNumbers))
  )
}

/** A number becomes a text when it is replaced; where that can happen it is taken for a value from the start. */
export function isHeaderValue(value: unknown, withNumbers: boolean): boolean {
  return typeof value === 'string' || (withNumbers && typeof value === 'number')
}

export function holdsTexts(value: unknown): boolean {
  return typeof value === 'string' || (typeof value === 'object' && value !== null)
}

export function step(path: string, key: string): string {
  return key.includes('~') || key.includes('/')
    ? `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    : `${path}/${key}`
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
