import { expect, test } from 'vitest'
import { keyTerm } from './terms.ts'

test.each([
  ['trace ids that begin with one time', '68b6f1a200000000aaaa', '68b6f1a200000000bbbb'],
  ['trace ids of 64 bits in 128', '00000000000000004bf92f3577b34da6', '00000000000000004bf92f3577b34da7'],
  ['UUIDs of one moment', '01a1fedb-d84c-7fdc-bfcc-7c07c1cf2ed6', '01a1fedb-d84c-7fdd-bfcc-7c07c1cf2ed6'],
])('%s have keys of their own', (_, one, other) => {
  expect(keyTerm('trace_id', one)!.term).not.toBe(keyTerm('trace_id', other)!.term)
})
