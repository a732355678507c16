import { expect, test } from 'vitest'
import { assertNodeVersion } from './node-version.ts'

test.each(['24.0.0', '24.21.1', '26.10.0', '100.0.0'])('Node %s is taken', (version) => {
  expect(() => assertNodeVersion(version)).not.toThrow()
})

test.each(['20.20.2', '22.23.0', '8.17.0'])('Node %s is told what is needed', (version) => {
  expect(() => assertNodeVersion(version)).toThrow(`trailproof needs Node 24 or newer; this is ${version}`)
})
