/**
 * Which function runs which file of spec/vectors, with portable primitives. Loaded by Vitest and, bundled, by a
 * real browser: add a line here and a new file is judged in both.
 */

import { ed25519 } from '@noble/curves/ed25519.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { runCanonicalVectors } from '../packages/core/src/canonical/canonical.vectors.ts'
import {
  runKeyChangeVectors,
  runKeyVectors,
  runNoteVectors,
  runTlogProofVectors,
} from '../packages/core/src/checkpoint/checkpoint.vectors.ts'
import { runLeafVectors } from '../packages/core/src/leaf.vectors.ts'
import {
  runConsistencyVectors,
  runInclusionVectors,
  runRootVectors,
  runTilePathVectors,
  runTileVectors,
} from '../packages/core/src/merkle/merkle.vectors.ts'
import { runQueryVectors } from '../packages/core/src/query/query.vectors.ts'
import {
  runParsingVectors,
  runPreparedVectors,
  runRecordIdVectors,
} from '../packages/core/src/record/record.vectors.ts'
import { runRedactionVectors } from '../packages/core/src/redaction/redaction.vectors.ts'
import type { VectorPrimitives, VectorSuite } from '../packages/core/src/vector-suite.ts'
import { runExportVectors } from '../packages/verify/src/export.vectors.ts'
import { runEvidenceVectors } from '../packages/verify/src/ledger.vectors.ts'

// The cases of a file have the type its own suite expects; JSON cannot say so.
const suites: Record<string, VectorSuite<never>> = {
  'checkpoint-key-changes': runKeyChangeVectors,
  'checkpoint-keys': runKeyVectors,
  'checkpoint-notes': runNoteVectors,
  'export-ndjson': runExportVectors,
  'ledger-evidence': runEvidenceVectors,
  'ledger-leaves': runLeafVectors,
  'merkle-roots': runRootVectors,
  'merkle-tile-paths': runTilePathVectors,
  'merkle-tiles': runTileVectors,
  'proof-consistency': runConsistencyVectors,
  'proof-inclusion': runInclusionVectors,
  'proof-tlog': runTlogProofVectors,
  query: runQueryVectors,
  'record-canonical': runCanonicalVectors,
  'record-ids': runRecordIdVectors,
  'record-parsing': runParsingVectors,
  'record-prepared': runPreparedVectors,
  'record-redaction': runRedactionVectors,
}

const primitives: VectorPrimitives = {
  sha256,
  verifyEd25519: (publicKey, message, signature) => {
    try {
      return ed25519.verify(signature, message, publicKey, { zip215: false }) // RFC 8032, as Node's OpenSSL
    } catch {
      return false // noble throws on points that are none
    }
  },
}

export const vectorFiles: readonly string[] = Object.keys(suites)

/** Runs the suite of one file on its JSON text and returns the failures. */
export async function runVectorFile(name: string, json: string): Promise<string[]> {
  const suite = suites[name]
  if (suite === undefined) return [`no suite runs ${name}`]
  const vectors = JSON.parse(json) as { description: string; cases: never[] }
  return vectors.cases.length === 0 ? [`${name} has no cases`] : suite(vectors, primitives)
}
