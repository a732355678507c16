import { expect, test } from 'vitest'
import { Client } from '../api/client.ts'
import { PageProblem } from '../api/problem.ts'
import { downloadExport } from './download-export.ts'

/** Answers with these pieces, and then as `end` says. */
function clientOf(pieces: readonly Uint8Array[], end: 'whole' | 'cut'): Client {
  const client = new Client({ headers: () => ({}), renew: async () => false })
  client.fetch = async () =>
    new Response(
      new ReadableStream({
        start(controller) {
          for (const piece of pieces) controller.enqueue(piece)
          if (end === 'whole') controller.close()
          else controller.error(new TypeError('network error'))
        },
      }),
    )
  return client
}

test('an export is there when its stream has ended', async () => {
  const bytes: number[] = []
  const client = clientOf([new Uint8Array(3), new Uint8Array(4)], 'whole')
  const file = await downloadExport(client, { parameters: {}, onBytes: (so) => bytes.push(so) })
  expect(file.size).toBe(7)
  expect(bytes).toEqual([3, 7])
})

test('one that was cut is not there, and the page says so', async () => {
  const taking = downloadExport(clientOf([new Uint8Array(3)], 'cut'), { parameters: {} })
  await expect(taking).rejects.toThrow(PageProblem)
  await expect(taking).rejects.toThrow('cut before its end')
})

test('one that is more than a browser should hold is left to the command line', async () => {
  const pieces = Array.from({ length: 5 }, () => new Uint8Array(64 * 2 ** 20))
  const taking = downloadExport(clientOf(pieces, 'whole'), { parameters: {} })
  await expect(taking).rejects.toThrow('take it with the command line')
})
