// The last line of the gate. A suite that could not run, and a check that failed, count as failed.
import { readFileSync } from 'node:fs'

const checkFailed = Number(process.argv[2])
let passed = 0
let failed = checkFailed
try {
  const results = JSON.parse(readFileSync('.ci/results.json', 'utf8'))
  const brokenSuites = results.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  passed = results.numPassedTests
  failed += results.numFailedTests + results.numPendingTests + brokenSuites.length
  if (!results.success && failed === 0) failed = 1
} catch (error) {
  console.error(`the tests left no results: ${error.message}`)
  failed += 1
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
