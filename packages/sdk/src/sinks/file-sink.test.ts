import { fork } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fakeClock } from '../../../../test/sdk/delivery/fake-clock.ts'
import { sealed } from '../../../../test/sdk/delivery/scripted-sink.ts'
import { temporaryDirectory } from '../../../../test/sdk/delivery/temporary-directory.ts'
import { smallDisk } from '../../../../test/support/small-disk.ts'
import { type FileSink, type FileSinkOptions, fileSink } from './file-sink.ts'

const { signal } = new AbortController()
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, n) => from + n)

function sinkIn(directory: string, options: Partial<FileSinkOptions> = {}): FileSink {
  const sink = fileSink({ path: join(directory, 'app.log'), clock: fakeClock(), ...options })
  onTestFinished(() => sink.close())
  return sink
}

async function write(
  sink: FileSink,
  from: number,
  to: number,
  extra?: Record<string, unknown>,
): Promise<void> {
  await sink.write(
    range(from, to).map((seq) => sealed(seq, extra)),
    signal,
  )
}

function textOf(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}

/** All records in a directory, oldest file first; every line must be whole. */
function seqsIn(directory: string): number[] {
  return readdirSync(directory)
    .toSorted((a, b) => (a === 'app.log' ? 1 : b === 'app.log' ? -1 : a < b ? -1 : 1))
    .flatMap((name) => textOf(join(directory, name)).split('\n'))
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { stream: { seq: number } }).stream.seq)
}

describe('a file', () => {
  test('gets one line a record, behind what is there, readable by its owner alone', async () => {
    const directory = join(temporaryDirectory(), 'made/when/needed')
    for (const seq of [1, 3]) {
      const sink = sinkIn(directory)
      await write(sink, seq, seq + 1)
      await sink.close()
    }
    expect(textOf(join(directory, 'app.log'))).toBe(
      range(1, 4)
        .map((seq) => `${sealed(seq).line}\n`)
        .join(''),
    )
    expect(statSync(join(directory, 'app.log')).mode & 0o777).toBe(0o600)
  })

  test('takes two writes at once one after the other', async () => {
    const directory = temporaryDirectory()
    const sink = sinkIn(directory)
    await Promise.all([write(sink, 1, 500), write(sink, 501, 502), write(sink, 503, 600)])
    expect(seqsIn(directory)).toEqual(range(1, 600))
  })

  test('gets what is left at the exit', () => {
    const directory = temporaryDirectory()
    sinkIn(directory).writeSync!([sealed(1), sealed(2)])
    expect(seqsIn(directory)).toEqual([1, 2])
  })

  test('that cannot be written fails for now', async () => {
    const directory = temporaryDirectory()
    mkdirSync(join(directory, 'app.log'))
    const sink = sinkIn(directory)
    await expect(write(sink, 1, 1)).rejects.toMatchObject({ name: 'SinkError', retryable: true })
    rmSync(join(directory, 'app.log'), { recursive: true })
    await write(sink, 1, 1)
    expect(seqsIn(directory)).toEqual([1])
  })

  test('on a full disk loses nothing, and a line that was cut stays a line of its own', async () => {
    const disk = smallDisk(2)
    mkdirSync(disk.data)
    const sink = sinkIn(disk.data)
    await write(sink, 1, 3)
    disk.fillTo(8_192)
    await expect(write(sink, 4, 6, { text: 'x'.repeat(6_000) })).rejects.toMatchObject({ retryable: true })
    disk.empty()
    await write(sink, 4, 6, { text: 'x'.repeat(6_000) })
    const seqs = textOf(join(disk.data, 'app.log'))
      .split('\n')
      .filter((line) => line.endsWith('}'))
      .map((line) => (JSON.parse(line) as { stream: { seq: number } }).stream.seq)
    expect(new Set(seqs)).toEqual(new Set(range(1, 6)))
    await sink.close()
  })
})

describe('rotation', () => {
  const text = 'x'.repeat(400)

  test('happens before a batch would make the file too large, and loses and splits nothing', async () => {
    const directory = temporaryDirectory()
    const sink = sinkIn(directory, { bytesMax: 5_000, filesMax: 0, daysMax: 0 })
    for (let at = 1; at <= 200; at += 4) await write(sink, at, at + 3, { text })
    await sink.close()
    expect(seqsIn(directory)).toEqual(range(1, 200))
    for (const name of readdirSync(directory))
      expect(textOf(join(directory, name)).length, name).toBeLessThanOrEqual(5_000)
  })

  test('keeps a batch that is larger than a file together', async () => {
    const directory = temporaryDirectory()
    const sink = sinkIn(directory, { bytesMax: 1_000 })
    await write(sink, 1, 1)
    await write(sink, 2, 20, { text })
    await write(sink, 21, 21)
    expect(seqsIn(directory)).toEqual(range(1, 21))
    expect(readdirSync(directory)).toHaveLength(3)
  })

  test('keeps so many files, compressed but for those that were just written', async () => {
    const directory = temporaryDirectory()
    const sink = sinkIn(directory, { bytesMax: 1_000, filesMax: 3 })
    for (const seq of range(1, 48)) await write(sink, seq, seq, { text })
    await sink.close()
    expect(readdirSync(directory)).toHaveLength(4)
    expect(readdirSync(directory).filter((name) => name.endsWith('.gz'))).toEqual([])
    for (const name of readdirSync(directory)) utimesSync(join(directory, name), 0, 0)
    const later = sinkIn(directory, { bytesMax: 1_000, filesMax: 3 })
    for (const seq of range(49, 50)) await write(later, seq, seq, { text })
    await later.close()
    const names = readdirSync(directory).toSorted()
    expect(names).toHaveLength(4)
    expect(names.filter((name) => name.endsWith('.gz'))).toHaveLength(2)
    for (const name of names.filter((one) => one !== 'app.log'))
      expect(name).toMatch(/^app-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}\.log(\.gz)?$/)
    expect(seqsIn(directory).at(-1)).toBe(50)
    for (const name of names) expect(statSync(join(directory, name)).mode & 0o777).toBe(0o600)
  })

  test('deletes files that are too old, and nothing else', async () => {
    const directory = temporaryDirectory()
    const others = [
      'app-notes.log',
      'app-2020-01-01T00-00-00.000.txt',
      'other-2020-01-01T00-00-00.000.log',
      'app.log.1',
    ]
    for (const name of [...others, 'app-2026-10-01T00-00-00.000.log', 'app-2026-11-01T00-00-00.000.log.gz'])
      writeFileSync(join(directory, name), '')
    const sink = sinkIn(directory, { bytesMax: 10, filesMax: 0 })
    await write(sink, 1, 1)
    await write(sink, 2, 2)
    await sink.close()
    const names = readdirSync(directory)
    expect(names).toEqual(expect.arrayContaining([...others, 'app-2026-11-01T00-00-00.000.log.gz']))
    expect(names).not.toContain('app-2026-10-01T00-00-00.000.log')
  })

  test('that fails goes on in the file as it is', async () => {
    if (process.getuid?.() === 0) {
      // Root may write everywhere: a name that is too long cannot be had by anybody.
      const directory = temporaryDirectory()
      const path = join(directory, `${'n'.repeat(240)}.log`)
      const sink = fileSink({ path, bytesMax: 10, clock: fakeClock() })
      for (const seq of range(1, 5)) await write(sink, seq, seq)
      await sink.close()
      expect(textOf(path).split('\n')).toHaveLength(6)
      return
    }
    const directory = temporaryDirectory()
    const sink = sinkIn(directory, { bytesMax: 10 })
    await write(sink, 1, 1)
    chmodSync(directory, 0o500)
    onTestFinished(() => chmodSync(directory, 0o700))
    for (const seq of range(2, 5)) await write(sink, seq, seq)
    expect(seqsIn(directory)).toEqual(range(1, 5))
  })

  test('by somebody else is noticed, and can be told', async () => {
    const directory = temporaryDirectory()
    const sink = sinkIn(directory)
    await write(sink, 1, 2)
    renameSync(join(directory, 'app.log'), join(directory, 'app-2020-01-01T00-00-00.000.log'))
    await write(sink, 3, 4)
    expect(textOf(join(directory, 'app.log')).split('\n')).toHaveLength(3)
    sink.reopen()
    await write(sink, 5, 6)
    rmSync(join(directory, 'app.log'))
    await write(sink, 7, 8)
    expect(seqsIn(directory)).toEqual([1, 2, 7, 8])
  })

  test('a compression that was interrupted is done again', async () => {
    const directory = temporaryDirectory()
    const left = join(directory, 'app-2026-11-19T00-00-00.000.log')
    const halfDone = `${left}.gz.00000000-0000-0000-0000-000000000000.new`
    writeFileSync(left, `${sealed(0).line}\n`)
    writeFileSync(halfDone, 'half')
    for (const path of [left, halfDone]) utimesSync(path, 0, 0)
    const sink = sinkIn(directory, { bytesMax: 10 })
    await write(sink, 1, 1)
    await write(sink, 2, 2)
    await sink.close()
    expect(seqsIn(directory)).toEqual([0, 1, 2])
  })

  test('leaves alone what another process has reserved for the file that it is about to move', async () => {
    const directory = temporaryDirectory()
    const reserved = join(directory, 'app-2026-11-20T11-59-00.000.log')
    writeFileSync(reserved, '')
    utimesSync(reserved, 0, 0)
    const sink = sinkIn(directory, { bytesMax: 200, filesMax: 0 })
    for (let seq = 1; seq <= 4; seq++) await write(sink, seq, seq)
    await sink.close()
    expect(readFileSync(reserved, 'utf8')).toBe('')
    expect(readdirSync(directory).filter((name) => name.includes('11-59'))).toHaveLength(1)
    expect(seqsIn(directory)).toEqual([1, 2, 3, 4])
  })

  test('is shared by several processes: every line is there, whole, once', async () => {
    const directory = temporaryDirectory()
    const entry = fileURLToPath(
      new URL('../../../../test/sdk/delivery/file-writer-process.ts', import.meta.url),
    )
    const writers = [1_000, 2_000, 3_000].map((from) =>
      once(
        fork(entry, [join(directory, 'app.log'), String(from), '300'], {
          execArgv: ['--conditions=trailproof-source'],
        }),
        'exit',
      ),
    )
    expect((await Promise.all(writers)).map(([code]) => code as number)).toEqual([0, 0, 0])
    const expected = [1_000, 2_000, 3_000].flatMap((from) => range(from, from + 299))
    expect(seqsIn(directory).toSorted((a, b) => a - b)).toEqual(expected)
    expect(readdirSync(directory).length).toBeGreaterThan(5)
  })
})

test.each([{ bytesMax: 0 }, { filesMax: -1 }, { daysMax: Number.NaN }])('refuses %j', (options) => {
  expect(() => fileSink({ path: '/nowhere/app.log', ...options })).toThrow(RangeError)
})
