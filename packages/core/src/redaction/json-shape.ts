/** Questions about JSON values, and the JSON Pointer of a member. */

export type JsonObject = { readonly [key: string]: unknown }

export function isFlatList(value: object): value is readonly string[] {
  return Array.isArray(value) && value.length % 2 === 0 && value.every((item) => typeof item === 'string')
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
