/** Walks a JSON value and replaces what is secret by place, by name or by form, copying only what changes. */

import { isCardNumber } from './detect/card-number.ts'
import type { FreePart } from './free-fields.ts'
import { holdsTexts, isFlatList, isHeaderValue, isObject, type JsonObject, step } from './json-shape.ts'
import type { PathState } from './path-matcher.ts'
import type { CompiledRedaction } from './policy.ts'
import { redactText } from './redact-text.ts'
import { DROPPED, type RedactionMode, replacedValue } from './replacement.ts'

/** Where the value is: its JSON Pointer, and how far the paths of the policy have led (undefined: nowhere). */
type Redact = (item: unknown, path: string, at: PathState | undefined, i: number) => unknown

/** What is deeper is masked as a whole; canonical JSON ends there as well, and so might the stack. */
const DEPTH_MAX = 1_000

export class ValueRedactor {
  /** JSON Pointers of what was replaced. */
  readonly paths: string[] = []
  private readonly policy: CompiledRedaction
  private part: FreePart = 'free'
  private texts = false
  private cards: RedactionMode | undefined
  private depth = 0

  constructor(policy: CompiledRedaction) {
    this.policy = policy
  }

  /** A field of the group: the same value when nothing in it is secret, `DROPPED` when the field is to go. */
  field(part: FreePart, value: unknown, path: string, at: PathState | undefined): unknown {
    this.part = part
    this.texts = this.policy.texts && part !== 'named'
    this.cards = this.texts ? this.policy.cards : undefined
    if (at?.mode !== undefined)
      return at.mode !== 'drop' && typeof value === 'object' && value !== null
        ? this.inside(value, path, at.mode)
        : this.replaced(value, path, at.mode)
    if (!Array.isArray(value) || (part !== 'changes' && at === undefined)) return this.value(value, path, at)
    return this.array(value, path, at, (item, itemPath, itemAt) => {
      if (!isObject(item)) return this.item(item, itemPath, itemAt)
      if (itemAt?.mode !== undefined) return this.inside(item, itemPath, itemAt.mode)
      return part === 'changes' ? this.change(item, itemPath, itemAt) : this.value(item, itemPath, itemAt)
    })
  }

  private value(value: unknown, path: string, at: PathState | undefined): unknown {
    if (typeof value === 'string') return this.text(value, path)
    if (typeof value === 'number') return this.number(value, path)
    if (typeof value !== 'object' || value === null) return value
    if (this.depth >= DEPTH_MAX) return this.replaced(value, path, 'mask')
    this.depth++
    const redacted = Array.isArray(value)
      ? this.list(value, path, at)
      : this.object(value as JsonObject, path, at)
    this.depth--
    return redacted
  }

  private text(text: string, path: string): string {
    if (!this.texts) return text
    const redacted = redactText(text, this.policy)
    if (redacted !== text) this.paths.push(path)
    return redacted
  }

  /** A card number may have been sent as a number. */
  private number(value: number, path: string): unknown {
    return this.cards !== undefined && isCardNumber(value) ? this.replaced(value, path, this.cards) : value
  }

  private object(object: JsonObject, path: string, at: PathState | undefined): JsonObject {
    const { modeOfName, hasRules } = this.policy
    // Under rules a name comes before the forms inside the value, which must not be masked first.
    const valueMode = hasRules || at !== undefined ? this.modeOfValue(object) : undefined
    let copy: Record<string, unknown> | undefined
    for (const key of Object.keys(object)) {
      const value = object[key]
      const under = at?.step(key)
      const mode = valueMode !== undefined && key === 'value' ? valueMode : modeOfName(key)
      let redacted: unknown
      if (under?.mode !== undefined) redacted = this.placed(value, step(path, key), under.mode)
      else if (mode !== undefined) redacted = this.replaced(value, step(path, key), mode)
      else if (typeof value === 'string') {
        redacted = this.texts ? redactText(value, this.policy) : value
        if (redacted !== value) this.paths.push(step(path, key))
      } else if (typeof value === 'number') {
        if (this.cards === undefined || !isCardNumber(value)) continue
        redacted = this.replaced(value, step(path, key), this.cards)
      } else if (typeof value !== 'object' || value === null) continue
      else if (HEADER_LISTS.has(key) && isFlatList(value, hasRules))
        redacted = this.flatHeaders(value, step(path, key), under)
      else redacted = this.value(value, step(path, key), under)
      if (redacted === value) continue
      copy ??= { ...object }
      if (redacted === DROPPED) delete copy[key]
      else copy[key] = redacted
    }
    return hasRules || at !== undefined ? (copy ?? object) : this.namedValue(copy ?? object, path)
  }

  /** `{name: 'Authorization', value: '…'}`, as HAR files and many SDKs write headers. */
  private namedValue(object: JsonObject, path: string): JsonObject {
    const mode = this.modeOfValue(object)
    if (mode === undefined) return object
    const redacted = this.replaced(object['value'], `${path}/value`, mode)
    return redacted === object['value'] ? object : { ...object, value: redacted }
  }

  private modeOfValue(object: JsonObject): RedactionMode | undefined {
    if (object['value'] === undefined) return undefined
    const name = object['name'] ?? object['key'] ?? object['header']
    return typeof name === 'string' ? this.modeOfHeader(name) : undefined
  }

  /** The name is a text itself: under rules a secret in it is replaced first, and what is left names the value. */
  private modeOfHeader(name: string): RedactionMode | undefined {
    const { modeOfName, hasRules } = this.policy
    const left = hasRules && this.texts ? redactText(name, this.policy) : name
    return modeOfName(left) ?? (left === name ? undefined : modeOfName(name))
  }

  private list(list: readonly unknown[], path: string, at: PathState | undefined): readonly unknown[] {
    const [name, secret] = list
    const isPair =
      list.length === 2 && typeof name === 'string' && isHeaderValue(secret, this.policy.hasRules)
    const mode = isPair ? this.modeOfHeader(name) : undefined
    return this.array(list, path, at, (item, itemPath, itemAt, i) => {
      if (mode === undefined || itemAt?.mode !== undefined) return this.item(item, itemPath, itemAt)
      if (i === 1) return this.required(item, itemPath, mode)
      return this.policy.hasRules ? this.item(item, itemPath, itemAt) : item
    })
  }

  private item(item: unknown, path: string, at: PathState | undefined): unknown {
    if (at?.mode === undefined) return this.value(item, path, at)
    return at.mode === 'drop' && (item === null || item === '') ? item : this.placed(item, path, at.mode)
  }

  /** Node's rawHeaders: name, value, name, value … It stays a list of names and values: what is dropped is empty. */
  private flatHeaders(list: readonly unknown[], path: string, at: PathState | undefined): readonly unknown[] {
    return this.array(list, path, at, (item, itemPath, itemAt, i) => {
      const name = i % 2 === 1 ? list[i - 1] : undefined
      const mode = itemAt?.mode ?? (typeof name === 'string' ? this.modeOfHeader(name) : undefined)
      return mode === undefined ? this.value(item, itemPath, itemAt) : this.required(item, itemPath, mode)
    })
  }

  private array(
    array: readonly unknown[],
    path: string,
    at: PathState | undefined,
    redact: Redact,
  ): readonly unknown[] {
    // Texts are what the schema wants in the lists of an actor, a source and a target.
    const dropped = this.part === 'named' ? '' : null
    let copy: unknown[] | undefined
    for (let i = 0; i < array.length; i++) {
      const item = array[i]
      if (at === undefined && this.cards === undefined && !holdsTexts(item)) continue
      const redacted = redact(item, `${path}/${i}`, at?.step(String(i)), i)
      if (Object.is(redacted, item)) continue
      copy ??= array.slice()
      copy[i] = redacted === DROPPED ? dropped : redacted
    }
    return copy ?? array
  }

  private change(change: JsonObject, path: string, at: PathState | undefined): JsonObject {
    const changed = typeof change['path'] === 'string' ? change['path'] : ''
    const mode = this.policy.modeOfName(changed.slice(changed.lastIndexOf('/') + 1))
    let copy: Record<string, unknown> | undefined
    const put = (key: string, redacted: unknown): void => {
      if (redacted === change[key]) return
      copy ??= { ...change }
      if (redacted === DROPPED) delete copy[key]
      else copy[key] = redacted
      if (SIDES.includes(key) && (mode ?? at?.step(key)?.mode) !== undefined) copy['redacted'] = true
    }
    if (mode !== undefined) {
      for (const side of SIDES)
        if (side in change)
          put(side, this.replaced(change[side], `${path}/${side}`, at?.step(side)?.mode ?? mode))
    } else {
      const { path: _path, ...others } = change
      const rest: Record<string, unknown> = others
      if (at !== undefined) delete rest['redacted'] // no path leads to the mark itself
      const redacted = this.object(rest, path, at)
      for (const key of Object.keys(rest)) put(key, key in redacted ? redacted[key] : DROPPED)
    }
    const ofPath = at?.step('path')?.mode
    if (ofPath !== undefined && changed !== '') put('path', this.required(changed, `${path}/path`, ofPath))
    return copy ?? change
  }

  /**
   * What the schema wants to be an object or a list of objects stays one: what is in it is replaced. In an
   * actor, a source and a target that goes for everything.
   */
  private inside(value: object, path: string, mode: RedactionMode): unknown {
    const isList = Array.isArray(value)
    const holder = value as Readonly<Record<string, unknown>> // a list is read by its indexes
    const copy = (isList ? value.slice() : { ...value }) as Record<string, unknown> // and written by them
    let isChanged = false
    for (const key of Object.keys(holder)) {
      if (key === 'redacted' && this.part === 'changes') continue
      const member = holder[key]
      const at = step(path, key)
      let redacted: unknown
      if (isList && isObject(member)) redacted = this.inside(member, at, mode)
      else if (isList || (key === 'path' && this.part === 'changes'))
        redacted = this.required(member, at, mode)
      else redacted = this.placed(member, at, mode)
      if (redacted === member) continue
      isChanged = true
      if (redacted === DROPPED) delete copy[key]
      else copy[key] = redacted
    }
    return isChanged ? copy : value
  }

  /** What a path leads to. */
  private placed(value: unknown, path: string, mode: RedactionMode): unknown {
    const keepsShape = this.part === 'named' && mode !== 'drop' && typeof value === 'object' && value !== null
    return keepsShape ? this.inside(value, path, mode) : this.replaced(value, path, mode)
  }

  /** The same value when it gives nothing away. */
  private replaced(value: unknown, path: string, mode: RedactionMode): unknown {
    const redacted = replacedValue(value, mode, this.policy)
    if (redacted !== value) this.paths.push(path)
    return redacted
  }

  /** Where something must remain, `drop` leaves an empty text. */
  private required(value: unknown, path: string, mode: RedactionMode): unknown {
    if (value === '') return value
    const redacted = this.replaced(value, path, mode)
    return redacted === DROPPED ? '' : redacted
  }
}

const SIDES: readonly string[] = ['old', 'new']
const HEADER_LISTS: ReadonlySet<string> = new Set(['headers', 'rawHeaders', 'raw_headers', 'rawTrailers'])
