/** Reads a JSON text as fast as JSON.parse does, and finds out what JSON.parse would have changed silently. */

import { type ExactJson, readExactJson } from './exact-json.ts'
import { countMembers, scanJson } from './json-scan.ts'

/** Reads exactly one JSON text from `start` to `end`. Never throws. */
export function readJson(text: string, start: number, end: number, depthMax: number): ExactJson {
  const members = scanJson(text, start, end, depthMax)
  if (members >= 0) {
    const value = parseOrUndefined(text.slice(start, end))
    if (value !== undefined && (isObject(value) ? countMembers(value) : 0) === members)
      return { kind: 'value', value, coerced: NONE }
  }
  return readExactJson(text, start, end, depthMax)
}

/** JSON.parse; undefined is no JSON value, so it can stand for a text that is broken. */
function parseOrUndefined(source: string): unknown {
  try {
    return JSON.parse(source)
  } catch {
    return undefined // exact-json.ts finds out where and why
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

const NONE: readonly string[] = []
