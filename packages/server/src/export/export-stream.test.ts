import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { expect, test } from 'vitest'
import { StreamSessions } from '../api/stream-sessions.ts'
import type { Export, ExportDeps } from './export.ts'
import { plainExport } from './export-stream.ts'
import { untilStalled } from './until-stalled.ts'

const sessionsOf = (max: number) => new StreamSessions('exports', 'exports_max', max)

const BLOCK_BYTES = 1 << 18

/** An export of 100 blocks, and how many of them were read. */
function countedExport(): { asked: Export; deps: ExportDeps; blocks: { read: number } } {
  const blocks = { read: 0 }
  const reader = {
    exportBlock: async (_: unknown, from: number, to: number) => {
      blocks.read++
      return { shown: to - from, withheld: 0, erased: 0, bytes: new Uint8Array(BLOCK_BYTES) }
    },
  }
  const shape = { ledger: 'main', format: 'ocsf', query: '', atMs: 0, fields: [] }
  const asked = { shape, range: { from: 0, to: 25_600, size: 25_600 } }
  // Only what plainExport takes of them.
  return { asked: asked as unknown as Export, deps: { reader } as unknown as ExportDeps, blocks }
}

test('a client that takes nothing has two blocks read for it, and is ended', async () => {
  const { asked, deps, blocks } = countedExport()
  using session = sessionsOf(1).open()
  const stuck = new Writable({ highWaterMark: 1, write: () => {} })
  const pieces = untilStalled(plainExport(asked, deps), session, 100)
  await expect(pipeline(pieces, stuck, { signal: session.signal })).rejects.toThrow()
  expect(blocks.read).toBe(2)
  expect(session.signal.reason).toMatchObject({ message: 'the client takes nothing' })
})

test('a slow client gets everything, and no more is read than it takes', async () => {
  const { asked, deps, blocks } = countedExport()
  using session = sessionsOf(1).open()
  let bytes = 0
  let aheadMax = 0
  const slow = new Writable({
    write(chunk: Uint8Array, _, done) {
      bytes += chunk.length
      aheadMax = Math.max(aheadMax, blocks.read - bytes / BLOCK_BYTES)
      setImmediate(done)
    },
  })
  const pieces = untilStalled(plainExport(asked, deps), session)
  await pipeline(pieces, slow, { signal: session.signal })
  expect(bytes).toBe(100 * BLOCK_BYTES)
  expect(aheadMax).toBeLessThanOrEqual(2)
})

test('sessions are bounded, end together, and make room when they are over', () => {
  const sessions = sessionsOf(2)
  const first = sessions.open()
  const second = sessions.open()
  expect(() => sessions.open()).toThrow('exports_max')
  first[Symbol.dispose]()
  using third = sessions.open()
  sessions.endAll()
  expect([first, second, third].map(({ signal }) => signal.aborted)).toEqual([false, true, true])
})
