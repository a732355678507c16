import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fakeClock } from '../../../../../test/sdk/delivery/fake-clock.ts'
import { sealed, seqsOf } from '../../../../../test/sdk/delivery/scripted-sink.ts'
import { temporaryDirectory } from '../../../../../test/sdk/delivery/temporary-directory.ts'
import { createSpool, type Spool, type SpoolOptions } from './spool.ts'
import { nodeDisk, type SegmentFile, type SpoolDisk } from './spool-disk.ts'
import { spoolLine } from './spool-line.ts'

const ALL = { recordsMax: 1_000_000, bytesMax: 1e9 }
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)

let streams = 0

function spoolIn(directory: string, options: Partial<SpoolOptions> = {}): Spool {
  const spool = createSpool({ directory, stream: `stream-${++streams}`, clock: fakeClock(), ...options })
  onTestFinished(() => spool.close())
  return spool
}

async function append(spool: Spool, from: number, to: number): Promise<void> {
  await Promise.all(range(from, to).map((seq) => spool.append(sealed(seq))))
}

/** All that waits, settled on the way. */
async function drain(spool: Spool): Promise<{ seqs: number[]; damaged: number }> {
  const seqs: number[] = []
  let lost = 0
  for (;;) {
    const { records, damaged } = await spool.oldest({ recordsMax: 7, bytesMax: 1e6 })
    lost += damaged
    if (records.length === 0 && damaged === 0) return { seqs, damaged: lost }
    seqs.push(...seqsOf(records))
    await spool.settle(records.length)
  }
}

/** What the next process finds. */
async function drainNext(
  directory: string,
  options: Partial<SpoolOptions> = {},
): Promise<{ seqs: number[]; damaged: number }> {
  const next = spoolIn(directory, options)
  await next.open(() => undefined)
  const found = await drain(next)
  await next.close()
  return found
}

function segmentsIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.log'))
    .toSorted()
    .map((name) => join(directory, name))
}

describe('a spool', () => {
  test('gives records back in order, in batches, until they are settled', async () => {
    const spool = spoolIn(temporaryDirectory())
    await append(spool, 1, 20)
    expect(spool.waitingRecords).toBe(20)
    expect(spool.head).toBe(1)
    const batch = await spool.oldest({ recordsMax: 5, bytesMax: 1e6 })
    expect(batch).toEqual({ records: range(1, 5).map((seq) => sealed(seq)), own: true, damaged: 0 })
    expect(await spool.oldest({ recordsMax: 5, bytesMax: 1e6 })).toEqual(batch)
    await spool.settle(3)
    expect(spool.head).toBe(4)
    expect(seqsOf((await spool.oldest(ALL)).records)).toEqual(range(4, 20))
    await spool.settle(17)
    expect(spool.waitingRecords).toBe(0)
    expect(spool.head).toBeUndefined()
    await append(spool, 21, 22)
    expect(await drain(spool)).toEqual({ seqs: [21, 22], damaged: 0 })
  })

  test('bounds a batch by bytes, but gives at least one record', async () => {
    const spool = spoolIn(temporaryDirectory())
    await spool.append(sealed(1, { text: 'x'.repeat(700_000) }))
    await spool.append(sealed(2, { text: 'x'.repeat(700_000) }))
    expect((await spool.oldest({ recordsMax: 5, bytesMax: 1_000 })).records).toHaveLength(1)
    expect((await drain(spool)).seqs).toEqual([1, 2])
  })

  test('keeps its files to itself', async () => {
    const directory = join(temporaryDirectory(), 'made/when/needed')
    const spool = spoolIn(directory)
    await append(spool, 1, 1)
    await spool.oldest(ALL)
    await spool.settle(0)
    for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
      const state = statSync(join(directory, name))
      expect(state.mode & 0o777, name).toBe(state.isDirectory() ? 0o700 : 0o600)
    }
    expect(statSync(directory).mode & 0o777).toBe(0o700)
  })

  test('deletes what is settled, and everything when it closes empty', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory, { segmentBytesMax: 500 })
    await append(spool, 1, 5)
    for (const seq of range(6, 30)) await append(spool, seq, seq)
    const before = segmentsIn(directory).length
    expect(before).toBeGreaterThan(3)
    await spool.oldest({ recordsMax: 20, bytesMax: 1e6 })
    await spool.settle(20)
    expect(segmentsIn(directory).length).toBeLessThan(before)
    await drain(spool)
    await spool.close()
    expect(readdirSync(directory)).toEqual([])
  })

  test('is bounded in bytes, with what other processes have there', async () => {
    const directory = temporaryDirectory()
    const other = spoolIn(directory)
    await append(other, 1, 50)
    const spool = spoolIn(directory, { bytesMax: other.waitingBytes + 1_000 })
    await spool.open(() => undefined)
    const outcomes = await Promise.allSettled(range(1, 50).map((seq) => spool.append(sealed(seq))))
    const refused = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
    expect(refused.length).toBeGreaterThan(30)
    for (const { reason } of refused)
      expect(reason).toMatchObject({ name: 'SpoolError', reason: 'spool_full' })
    expect(spool.waitingBytes).toBeLessThanOrEqual(1_000)
    await drain(spool)
    await expect(append(spool, 60, 60), 'there is room again').rejects.toThrow('full')
  })

  test('gives way again when what it holds is settled', async () => {
    const spool = spoolIn(temporaryDirectory(), { bytesMax: 3_000_000, segmentBytesMax: 1_000_000 })
    const text = 'x'.repeat(200_000)
    for (const seq of range(1, 100)) {
      await spool.append(sealed(seq, { text }))
      const { records } = await spool.oldest(ALL)
      await spool.settle(records.length)
    }
    expect(spool.waitingRecords).toBe(0)
  })

  test.each(['../x', '', 'a/b', '~', '.hidden'])('refuses %j as the name of a stream', (stream) => {
    expect(() => createSpool({ directory: '/nowhere', stream })).toThrow(RangeError)
  })
})

describe('what a process left', () => {
  test('is sent by the next one, oldest first, before its own', async () => {
    const directory = temporaryDirectory()
    const clock = fakeClock()
    for (const from of [1, 11]) {
      const spool = spoolIn(directory, { clock })
      await append(spool, from, from + 9)
      await spool.close()
      await clock.advance(1_000)
    }
    const next = spoolIn(directory)
    await append(next, 21, 22)
    let found = 0
    await next.open(() => found++)
    expect(found).toBe(1)
    expect(next.head).toBe(-Infinity)
    expect(next.waitingRecords).toBe(22)
    expect((await next.oldest(ALL)).own).toBe(false)
    expect((await drain(next)).seqs).toEqual(range(1, 22))
    expect(readdirSync(directory), 'their directories are gone').toHaveLength(1)
  })

  test('goes on after what was settled', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory)
    await append(spool, 1, 10)
    await spool.oldest(ALL)
    await spool.settle(4)
    await spool.close()
    expect(await drainNext(directory)).toEqual({ seqs: range(5, 10), damaged: 0 })
    expect(readdirSync(directory)).toEqual([])
  })

  test.each(['', 'nonsense', '99 0\n', '1 99999999\n', '-1 5\n'])(
    'is sent without loss of what follows when its cursor is %j',
    async (cursor) => {
      const directory = temporaryDirectory()
      const spool = spoolIn(directory, { stream: 's' })
      await append(spool, 1, 3)
      await spool.close()
      writeFileSync(join(directory, 's/cursor'), cursor)
      const { seqs } = await drainNext(directory)
      expect([[], [1, 2, 3]]).toContainEqual(seqs)
      if (!/^\d+ \d+\n$/.test(cursor)) expect(seqs).toEqual([1, 2, 3])
    },
  )

  test('is found while the process runs', async () => {
    const directory = temporaryDirectory()
    const clock = fakeClock()
    const spool = spoolIn(directory, { clock })
    const found = Promise.withResolvers<void>()
    await spool.open(found.resolve)
    const other = spoolIn(directory)
    await append(other, 1, 3)
    await clock.advance(20_000)
    await other.close()
    await clock.advance(10_000)
    await found.promise
    expect((await drain(spool)).seqs).toEqual([1, 2, 3])
  })

  test('is not touched while its process lives', async () => {
    const directory = temporaryDirectory()
    const living = spoolIn(directory)
    await append(living, 1, 3)
    expect(await drainNext(directory)).toEqual({ seqs: [], damaged: 0 })
    expect((await drain(living)).seqs).toEqual([1, 2, 3])
  })

  test('by a process we cannot see is taken when it was silent for long, and not before', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory, { stream: 's' })
    await append(spool, 1, 3)
    await spool.close()
    const elsewhere = { pid: 1, started: '5', boot: 'other', namespace: 'pid:[1]', host: 'other', since: 0 }
    writeFileSync(join(directory, 's/owner'), JSON.stringify(elsewhere))
    expect((await drainNext(directory)).seqs).toEqual([])
    let silentMs = 0
    const disk: SpoolDisk = {
      ...nodeDisk,
      async stateOf(path) {
        const state = await nodeDisk.stateOf(path)
        return path.endsWith('owner') ? { ...state, modifiedAt: state.modifiedAt - silentMs } : state
      },
    }
    silentMs = 50_000
    expect((await drainNext(directory, { disk })).seqs).toEqual([])
    silentMs = 70_000
    expect((await drainNext(directory, { disk })).seqs).toEqual([1, 2, 3])
    expect(readdirSync(directory), 'no probe is left').toEqual([])
  })

  test('with the pid of another process is taken', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory, { stream: 's' })
    await append(spool, 1, 3)
    const owner = JSON.parse(readFileSync(join(directory, 's/owner'), 'utf8')) as object
    await spool.close()
    writeFileSync(join(directory, 's/owner'), JSON.stringify({ ...owner, started: '1' }))
    expect((await drainNext(directory)).seqs).toEqual([1, 2, 3])
  })

  test('is sent by one of two that both want it', async () => {
    const directory = temporaryDirectory()
    for (let n = 0; n < 10; n++) {
      const spool = spoolIn(directory)
      await append(spool, n * 10, n * 10 + 9)
      await spool.close()
    }
    const both = await Promise.all([drainNext(directory), drainNext(directory), drainNext(directory)])
    const seqs = both.flatMap((found) => found.seqs)
    expect(seqs.toSorted((a, b) => a - b)).toEqual(range(0, 99))
    expect(readdirSync(directory)).toEqual([])
  })

  test('in a directory that is none of ours is left alone', async () => {
    const directory = temporaryDirectory()
    writeFileSync(join(directory, 'README'), 'hello')
    expect(await drainNext(directory)).toEqual({ seqs: [], damaged: 0 })
    expect(readdirSync(directory)).toEqual(['README'])
  })
})

/** A spool of ten records in one segment, left by its process. */
async function left(directory: string): Promise<{ path: string; bytes: Buffer }> {
  const spool = spoolIn(directory, { stream: 's' })
  await append(spool, 1, 10)
  await spool.close()
  const path = join(directory, 's/000001.log')
  return { path, bytes: readFileSync(path) }
}

describe('damage', () => {
  test('a torn end is dropped silently, wherever it is torn', async () => {
    const line = spoolLine(sealed(10)).length
    for (let cut = 1; cut <= line; cut++) {
      const directory = temporaryDirectory()
      const { path, bytes } = await left(directory)
      truncateSync(path, bytes.length - cut)
      // Only the newline is missing: all of the record is there.
      expect(await drainNext(directory), `${cut} bytes`).toEqual({
        seqs: range(1, cut === 1 ? 10 : 9),
        damaged: 0,
      })
    }
  })

  test('a byte that is flipped costs at most the record it is in, and is counted', async () => {
    const line = spoolLine(sealed(5)).length
    for (let at = 4 * line - 1; at < 5 * line; at++) {
      const directory = temporaryDirectory()
      const { path, bytes } = await left(directory)
      bytes[at]! ^= 0x01
      writeFileSync(path, bytes)
      const { seqs, damaged } = await drainNext(directory)
      expect(seqs.length + damaged, `byte ${at}`).toBe(10)
      expect(damaged, `byte ${at}`).toBeLessThanOrEqual(1)
      expect(seqs).toEqual(range(1, 10).filter((seq) => seqs.includes(seq)))
    }
  })

  test('a byte that becomes a newline costs one record', async () => {
    const directory = temporaryDirectory()
    const { path, bytes } = await left(directory)
    bytes[4 * spoolLine(sealed(1)).length + 30] = 0x0a
    writeFileSync(path, bytes)
    expect(await drainNext(directory)).toEqual({ seqs: [1, 2, 3, 4, 6, 7, 8, 9, 10], damaged: 1 })
  })

  test.each(['', '\0'.repeat(5_000), 'x'.repeat(300_000), '\n\n\n'])(
    'a segment of noise does not stop the others',
    async (noise) => {
      const directory = temporaryDirectory()
      await left(directory)
      writeFileSync(join(directory, 's/000000.log'), noise)
      expect((await drainNext(directory)).seqs).toEqual(range(1, 10))
      expect(readdirSync(directory)).toEqual([])
    },
  )

  test('a segment that cannot be read is given up after some tries, and counted', async () => {
    const directory = temporaryDirectory()
    await left(directory)
    let reads = 0
    const disk: SpoolDisk = {
      ...nodeDisk,
      read(path, position, length) {
        if (++reads > 1) return Promise.reject(errno('EIO'))
        return nodeDisk.read(path, position, length)
      },
    }
    const next = spoolIn(directory, { disk })
    await next.open(() => undefined)
    let counted = 0
    for (let tries = 0; next.waitingRecords > 0; tries++) {
      expect(tries).toBeLessThan(20)
      counted += await next.oldest(ALL).then(
        ({ damaged }) => damaged,
        () => 0,
      )
    }
    expect(counted).toBe(10)
  })
})

function errno(code: string): Error {
  return Object.assign(new Error(code), { code })
}

/** A disk whose writes to segments go wrong as told, one after the other. */
function failingDisk(
  script: ('ok' | 'short' | 'fail' | 'half' | 'nothing')[],
  broken: Partial<SegmentFile> = {},
): SpoolDisk {
  return {
    ...nodeDisk,
    async createSegment(path) {
      const file = await nodeDisk.createSegment(path)
      return {
        ...file,
        async write(bytes, position) {
          switch (script.shift() ?? 'ok') {
            case 'ok':
              return file.write(bytes, position)
            case 'short':
              return file.write(bytes.subarray(0, Math.ceil(bytes.length / 3)), position)
            case 'half':
              await file.write(bytes.subarray(0, bytes.length >> 1), position)
              throw errno('ENOSPC')
            case 'fail':
              throw errno('EIO')
            case 'nothing':
              return 0
          }
        },
        ...broken,
      }
    },
  }
}

describe('a disk that fails', () => {
  test.each(['fail', 'half', 'nothing'] as const)(
    'by "%s" refuses the append, and nothing is in the way of the next',
    async (how) => {
      const directory = temporaryDirectory()
      const spool = spoolIn(directory, { disk: failingDisk(['ok', how, 'short', 'short', 'ok', how]) })
      await append(spool, 1, 2)
      await expect(append(spool, 3, 4)).rejects.toMatchObject({ name: 'SpoolError', reason: 'spool_failed' })
      await append(spool, 5, 6)
      await expect(append(spool, 7, 8)).rejects.toMatchObject({ reason: 'spool_failed' })
      await append(spool, 9, 10)
      expect(await drain(spool)).toEqual({ seqs: [1, 2, 5, 6, 9, 10], damaged: 0 })
      await append(spool, 11, 11)
      await spool.close()
      expect(await drainNext(directory)).toEqual({ seqs: [11], damaged: 0 })
    },
  )

  test('and cannot be cut either leaves a torn segment, which is passed over', async () => {
    const directory = temporaryDirectory()
    const disk = failingDisk(['ok', 'half', 'ok'], { truncate: () => Promise.reject(errno('EIO')) })
    const spool = spoolIn(directory, { disk })
    await append(spool, 1, 2)
    await expect(append(spool, 3, 4)).rejects.toMatchObject({ reason: 'spool_failed' })
    await append(spool, 5, 6)
    await spool.close()
    const { seqs, damaged } = await drainNext(directory)
    expect(
      seqs.filter((seq) => seq !== 3),
      'a whole line of what was refused may be sent',
    ).toEqual([1, 2, 5, 6])
    expect(damaged).toBe(0)
  })

  test('when it syncs is not trusted with that file again', async () => {
    const directory = temporaryDirectory()
    let syncs = 0
    const sync = (): Promise<void> => (++syncs === 2 ? Promise.reject(errno('EIO')) : Promise.resolve())
    const spool = spoolIn(directory, { sync: true, disk: failingDisk([], { sync }) })
    await append(spool, 1, 1)
    await expect(append(spool, 2, 2)).rejects.toMatchObject({ reason: 'spool_failed' })
    await append(spool, 3, 3)
    expect(segmentsIn(directory)).toHaveLength(2)
    expect((await drain(spool)).seqs).toEqual([1, 3])
  })

  test('for ever does not fill the directory with empty files', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory, { disk: failingDisk(Array.from({ length: 50 }, () => 'half' as const)) })
    for (const seq of range(1, 50))
      await expect(append(spool, seq, seq)).rejects.toMatchObject({ reason: 'spool_failed' })
    expect(segmentsIn(directory).length).toBeLessThanOrEqual(1)
  })

  test('and hangs takes a bounded number of records', async () => {
    const spool = spoolIn(temporaryDirectory(), {
      disk: failingDisk([], { write: () => new Promise(() => undefined), close: () => Promise.resolve() }),
    })
    const text = 'x'.repeat(1_000_000)
    const outcomes = range(1, 60).map((seq) =>
      spool.append(sealed(seq, { text })).then(
        () => 'taken',
        ({ reason }: { reason: string }) => reason,
      ),
    )
    expect(await outcomes.at(-1)).toBe('spool_failed')
    Object.assign(spool, { close: () => Promise.resolve() })
  })

  test('that cannot be written at all is told to each append', async () => {
    const file = join(temporaryDirectory(), 'file')
    writeFileSync(file, '')
    const spool = spoolIn(join(file, 'below'))
    await spool.open(() => undefined)
    await expect(append(spool, 1, 1)).rejects.toMatchObject({ name: 'SpoolError', reason: 'spool_failed' })
    expect(() => spool.appendSync([sealed(1)])).toThrow()
  })
})

describe('a directory that goes away', () => {
  test('is made again, and what it held is counted as lost', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory)
    await append(spool, 1, 5)
    rmSync(directory, { recursive: true })
    await append(spool, 6, 8)
    expect(spool.waitingRecords).toBe(8)
    expect(await drain(spool)).toEqual({ seqs: [6, 7, 8], damaged: 5 })
    expect(spool.waitingRecords).toBe(0)
  })

  test('because another process took it over costs nothing: what was appended after that is in a new one', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory, { stream: 's' })
    await append(spool, 1, 5)
    renameSync(join(directory, 's'), join(directory, 's~other'))
    await append(spool, 6, 8)
    expect(await drain(spool)).toEqual({ seqs: [6, 7, 8], damaged: 0 })
    expect(existsSync(join(directory, 's~other/000001.log'))).toBe(true)
  })

  test('while it is read is noticed', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory)
    await append(spool, 1, 5)
    rmSync(directory, { recursive: true })
    expect(await drain(spool)).toEqual({ seqs: [], damaged: 5 })
  })
})

describe('at the exit', () => {
  test('records are written synchronously, beside a write that is under way', async () => {
    const directory = temporaryDirectory()
    const spool = spoolIn(directory)
    await append(spool, 1, 2)
    const underWay = spool.append(sealed(3)).catch(() => undefined)
    spool.appendSync([sealed(3), sealed(4)])
    await underWay
    await expect(append(spool, 5, 5)).rejects.toMatchObject({ reason: 'spool_failed' })
    await spool.close()
    const { seqs } = await drainNext(directory)
    expect(new Set(seqs)).toEqual(new Set([1, 2, 3, 4]))
  })

  test('a first record makes the directory', async () => {
    const directory = temporaryDirectory()
    const spool = createSpool({ directory: join(directory, 'new'), stream: 's', clock: fakeClock() })
    spool.appendSync([sealed(1)])
    chmodSync(join(directory, 'new/s/owner'), 0o600)
    expect(JSON.parse(readFileSync(join(directory, 'new/s/owner'), 'utf8'))).toMatchObject({
      pid: process.pid,
    })
    expect(segmentsIn(directory)).toHaveLength(1)
  })
})
