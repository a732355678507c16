import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CoreGroup } from './core-group.ts'
import { FIELD_NOTE, type FieldNote } from './field.ts'
import { PersonalGroup } from './personal-group.ts'
import { recordJsonSchema, recordMarkdown } from './record-docs.ts'

const HOW = 'run node --conditions=trailproof-source packages/core/src/record/generate-docs.ts'

test('spec/record.schema.json is up to date', () => {
  expect(JSON.parse(readFileSync('spec/record.schema.json', 'utf8')), HOW).toEqual(recordJsonSchema())
})

test('docs/record.md is up to date', () => {
  expect(readFileSync('docs/record.md', 'utf8'), HOW).toBe(recordMarkdown())
})

test.each([
  ['core', CoreGroup],
  ['personal', PersonalGroup],
])('each field of the %s group says so, and they stand in canonical order', (group, schema) => {
  const fields = Object.entries(schema.properties) as [
    string,
    { description?: string; [FIELD_NOTE]?: FieldNote },
  ][]
  for (const [name, field] of fields) {
    expect(field[FIELD_NOTE]?.group, name).toBe(group)
    expect(field.description, name).toMatch(/\w/)
    expect(field[FIELD_NOTE]?.holds?.length ?? 0, name).toBeGreaterThanOrEqual(group === 'personal' ? 1 : 0)
  }
  const names = fields.map(([name]) => name)
  expect(names).toEqual(names.toSorted())
})
