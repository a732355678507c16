/**
 * The shape of an entry: its values of the few core fields that have few values. Entries share their shapes, so the
 * index keeps a number for each entry, and questions about these fields are answered once a shape, not once an entry.
 */

/** In the order in which a shape is stored; all of the core group, so that a shape outlives an erasure. */
export const SHAPE_FIELDS = [
  'kind',
  'service',
  'environment',
  'action',
  'outcome',
  'severity',
  'actor_type',
  'target_types',
] as const

/**
 * Stands for all shapes beyond the bound: of an entry with it the index knows no shape fields. A service that puts
 * ids into its actions makes a new shape with each record.
 */
export const OTHER_SHAPE = 0
export const SHAPES_MAX = 65_536

export type ShapeField = (typeof SHAPE_FIELDS)[number]

/** The fields of a shape as they are in a core group; those that the entry does not have are missing. */
export type Shape = Readonly<Partial<Record<ShapeField, unknown>>>

/** The same text for the same shape. */
export function shapeText(core: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(SHAPE_FIELDS.map((field) => core[field] ?? null))
}

export function parseShape(text: string): Shape {
  const values = JSON.parse(text) as unknown[]
  return Object.fromEntries(
    SHAPE_FIELDS.flatMap((field, i) => (values[i] === null ? [] : [[field, values[i]]])),
  )
}

export function isShapeField(field: string): field is ShapeField {
  return (SHAPE_FIELDS as readonly string[]).includes(field)
}

/** The values of a field in a shape, as texts; several where the field is a list, none where it is missing. */
export function shapeValues(shape: Shape, field: ShapeField): readonly string[] {
  const value = shape[field]
  if (value === undefined || value === null) return []
  return (Array.isArray(value) ? value : [value]).map(String)
}
