import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runCanonicalVectors } from '../canonical/canonical.vectors.ts'
import { runRedactionVectors } from '../redaction/redaction.vectors.ts'
import type { VectorPrimitives, VectorSuite } from '../vector-suite.ts'
import { runParsingVectors, runPreparedVectors, runRecordIdVectors } from './record.vectors.ts'

// The cases of a file have the type its own suite expects; JSON cannot say so.
const suites: Record<string, VectorSuite<never>> = {
  canonical: runCanonicalVectors,
  ids: runRecordIdVectors,
  parsing: runParsingVectors,
  prepared: runPreparedVectors,
  redaction: runRedactionVectors,
}

const primitives: VectorPrimitives = {
  sha256: (data) => hash('sha256', data, 'buffer'),
  verifyEd25519: () => false, // no record is signed
}

test.each(Object.keys(suites))('every case of spec/vectors/record-%s.json holds', async (name) => {
  const vectors = JSON.parse(readFileSync(`spec/vectors/record-${name}.json`, 'utf8')) as {
    description: string
    cases: never[]
  }
  expect(vectors.cases.length).toBeGreaterThan(0)
  expect(await suites[name]!(vectors, primitives)).toEqual([])
})
