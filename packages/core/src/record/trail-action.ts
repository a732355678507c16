/** The action of a trail that does not name one: METHOD and route. */

import type { JsonObject } from './item.ts'

/**
 * `POST /payments/:id`. The route template (`request.route`) is taken as it is; a plain path has those
 * segments replaced by `:id` that look like a value rather than a name: the action is in the core group,
 * which no erasure reaches, so no e-mail address or customer number may get into it. Undefined without a
 * method.
 */
export function trailAction(request: JsonObject): string | undefined {
  const { method, route } = request
  if (typeof method !== 'string' || !METHOD.test(method)) return undefined
  if (typeof route === 'string' && route !== '') return cutTo512(`${method} ${route}`)
  const path = typeof request['path'] === 'string' ? request['path'] : request['url']
  if (typeof path !== 'string') return method
  return cutTo512(`${method} ${templateOf(pathOf(path))}`)
}

const METHOD = /^[A-Za-z]{1,20}$/
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]{0,20}:\/\//
const SEGMENT_CHARS_MAX = 40
/** A word, perhaps with dashes, or a version: whatever else a segment holds is taken for a value. */
const NAME = /^(?:[A-Za-z_.-]*|v\d{1,3})$/

/** The path of a URL or of a path with a query. */
function pathOf(url: string): string {
  const scheme = SCHEME.exec(url)
  const from = scheme === null ? 0 : url.indexOf('/', scheme[0].length)
  if (from < 0) return '/'
  const end = url.slice(from).search(/[?#]/)
  return end < 0 ? url.slice(from) : url.slice(from, from + end)
}

function templateOf(path: string): string {
  return path
    .slice(0, 4096)
    .split('/')
    .map((segment) => (segment.length <= SEGMENT_CHARS_MAX && NAME.test(segment) ? segment : ':id'))
    .join('/')
}

/** A derived action is ours to shorten; one that was sent is refused instead. */
function cutTo512(action: string): string {
  return action.length <= 512 ? action : action.slice(0, 512).toWellFormed()
}
