/** How answers are described: exact objects as JSON, and bodies that are not JSON. */
import { type TProperties, Type } from 'typebox'

/** An object with these members and no others. */
export function answer<Members extends TProperties>(description: string, members: Members) {
  return Type.Object(members, { additionalProperties: false, description })
}

/** A body of these content types that is not JSON. */
export function bodyOf(description: string, ...types: readonly string[]) {
  const schema = Type.String()
  return { description, content: Object.fromEntries(types.map((type) => [type, { schema }])) }
}

export const EMPTY = { type: 'null', description: 'Done; there is nothing to say.' } as const

export const count = (description: string) => Type.Integer({ minimum: 0, description })
export const time = (description: string) => Type.String({ description: `${description} RFC 3339, UTC.` })
export const orNull = <Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) =>
  Type.Union([schema, Type.Null()])

export const ledgerName = Type.String({ description: 'Ledger name.' })
export const checkpoint = Type.String({ description: 'A signed checkpoint, C2SP signed note.' })
export const hashes = Type.Array(Type.String({ description: 'SHA-256, base64.' }))

/** What every answer of the index has. */
export const complete = Type.Boolean({ description: 'False: time ran out, or there was more than is read.' })
export const indexedSize = count('Entries of the ledger that can be searched.')
export const sampled = orNull(
  count('Newest matches read one by one, because the index does not count this; null: all were counted.'),
)
