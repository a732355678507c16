import { expect, test } from 'vitest'
import { unreachableOf } from './unreachable.ts'

test('names what rejects and what does not answer in time', async () => {
  const unreachable = unreachableOf(
    {
      there: async () => 1,
      refuses: () => Promise.reject(new Error('connection refused')),
      silent: () => new Promise(() => undefined),
    },
    20,
  )
  expect(await unreachable()).toEqual(['refuses', 'silent'])
})
