import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runVectorFile, vectorFiles } from './vector-suites.ts'

test.each(vectorFiles)('every case of spec/vectors/%s.json holds in Node', async (name) => {
  expect(await runVectorFile(name, readFileSync(`spec/vectors/${name}.json`, 'utf8'))).toEqual([])
})

test('no file is left out', () => {
  const files = readdirSync('spec/vectors')
  expect(files.toSorted()).toEqual(vectorFiles.map((name) => `${name}.json`).toSorted())
})
