/** Walks a JSON value and masks what is secret by name or by form, copying only what changes. */

import type { FreePart } from './free-fields.ts'
import type { CompiledRedaction } from './policy.ts'
import { redactText } from './redact-text.ts'

type JsonObject = { readonly [key: string]: unknown }

export class ValueRedactor {
  /** JSON Pointers of what was masked. */
  readonly paths: string[] = []
  private readonly policy: CompiledRedaction
  private texts: boolean

  constructor(policy: CompiledRedaction) {
    this.policy = policy
    this.texts = policy.texts
  }

  /** The same value when nothing in it is secret. */
  part(part: FreePart, value: unknown, path: string): unknown {
    this.texts = this.policy.texts && part !== 'named'
    if (part !== 'changes' || !Array.isArray(value)) return this.value(value, path)
    return this.array(value, path, (change, at) =>
      isObject(change) ? this.change(change, at) : this.value(change, at),
    )
  }

  private value(value: unknown, path: string): unknown {
    if (typeof value === 'string') return this.text(value, path)
    if (typeof value !== 'object' || value === null) return value
    if (!Array.isArray(value)) return this.object(value as JsonObject, path)
    const [name, secret] = value as readonly unknown[]
    if (
      value.length === 2 &&
      typeof name === 'string' &&
      typeof secret === 'string' &&
      this.policy.isSecretName(name)
    ) {
      const masked = this.masked(secret, `${path}/1`)
      return masked === secret ? value : [name, masked]
    }
    return this.array(value, path, (item, at) => this.value(item, at))
  }

  private text(text: string, path: string): string {
    if (!this.texts) return text
    const redacted = redactText(text, this.policy)
    if (redacted !== text) this.paths.push(path)
    return redacted
  }

  private object(object: JsonObject, path: string): JsonObject {
    let copy: Record<string, unknown> | undefined
    for (const key of Object.keys(object)) {
      const value = object[key]
      let redacted: unknown
      if (this.policy.isSecretName(key)) redacted = this.masked(value, step(path, key))
      else if (typeof value === 'string') {
        redacted = this.texts ? redactText(value, this.policy) : value
        if (redacted !== value) this.paths.push(step(path, key))
      } else if (typeof value !== 'object' || value === null) continue
      else if (HEADER_LISTS.has(key) && isFlatList(value)) redacted = this.flatHeaders(value, step(path, key))
      else redacted = this.value(value, step(path, key))
      if (redacted === value) continue
      copy ??= { ...object }
      copy[key] = redacted
    }
    return this.namedValue(copy ?? object, path)
  }

  /** `{name: 'Authorization', value: '…'}`, as HAR files and many SDKs write headers. */
  private namedValue(object: JsonObject, path: string): JsonObject {
    const { value } = object
    if (value === undefined) return object
    const name = object['name'] ?? object['key'] ?? object['header']
    if (typeof name !== 'string' || !this.policy.isSecretName(name)) return object
    const redacted = this.masked(value, `${path}/value`)
    return redacted === value ? object : { ...object, value: redacted }
  }

  /** Node's rawHeaders: name, value, name, value … */
  private flatHeaders(list: readonly string[], path: string): readonly string[] {
    return this.array(list, path, (item, at, i) => {
      const name = i % 2 === 1 ? list[i - 1] : undefined
      return name !== undefined && this.policy.isSecretName(name)
        ? this.masked(item, at)
        : this.value(item, at)
    }) as readonly string[] // a masked text is a text
  }

  private array(
    array: readonly unknown[],
    path: string,
    redact: (item: unknown, path: string, i: number) => unknown,
  ): readonly unknown[] {
    let copy: unknown[] | undefined
    for (let i = 0; i < array.length; i++) {
      const item = array[i]
      if (typeof item !== 'string' && (typeof item !== 'object' || item === null)) continue
      const redacted = redact(item, `${path}/${i}`, i)
      if (redacted === item) continue
      copy ??= array.slice()
      copy[i] = redacted
    }
    return copy ?? array
  }

  private change(change: JsonObject, path: string): JsonObject {
    const changed = typeof change['path'] === 'string' ? change['path'] : ''
    const last = changed.slice(changed.lastIndexOf('/') + 1)
    if (!this.policy.isSecretName(last)) {
      const { path: _path, ...rest } = change
      const redacted = this.object(rest, path)
      return redacted === rest ? change : { ...change, ...redacted }
    }
    const copy: Record<string, unknown> = { ...change }
    for (const side of ['old', 'new'])
      if (side in change) copy[side] = this.masked(change[side], `${path}/${side}`)
    if (copy['old'] === change['old'] && copy['new'] === change['new']) return change
    copy['redacted'] = true
    return copy
  }

  /** The mask; a list keeps its length, and what gives nothing away stays. */
  private masked(value: unknown, path: string): unknown {
    const { mask } = this.policy
    if (value === null || value === undefined || value === '' || value === mask || typeof value === 'boolean')
      return value
    if (Array.isArray(value) && value.every((item) => typeof item !== 'object' || item === null)) {
      const masked = value.map((item: unknown) =>
        item === null || item === '' || typeof item === 'boolean' ? item : mask,
      )
      if (masked.every((item, i) => item === value[i])) return value
      this.paths.push(path)
      return masked
    }
    this.paths.push(path)
    return mask
  }
}

const HEADER_LISTS: ReadonlySet<string> = new Set(['headers', 'rawHeaders', 'raw_headers', 'rawTrailers'])

function isFlatList(value: object): value is readonly string[] {
  return Array.isArray(value) && value.length % 2 === 0 && value.every((item) => typeof item === 'string')
}

function step(path: string, key: string): string {
  return key.includes('~') || key.includes('/')
    ? `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    : `${path}/${key}`
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
