/**
 * Writes spec/record.schema.json and docs/record.md from the schema:
 *
 *     node --conditions=trailproof-source packages/core/src/record/generate-docs.ts
 */

import { recordJsonSchema, recordMarkdown } from './record-docs.ts'

declare const process: {
  getBuiltinModule(name: 'fs'): { writeFileSync(path: URL, text: string): void }
}
declare const URL: new (path: string, base: string) => URL
interface URL {
  readonly href: string
}

const root = new URL('../../../../', (import.meta as unknown as { url: string }).url).href
const files = process.getBuiltinModule('fs')
files.writeFileSync(
  new URL('spec/record.schema.json', root),
  `${JSON.stringify(recordJsonSchema(), null, 2)}\n`,
)
files.writeFileSync(new URL('docs/record.md', root), recordMarkdown())
