import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { sealed } from '../../../../test/sdk/delivery/scripted-sink.ts'
import { stdoutSink } from './stdout-sink.ts'

const signal = new AbortController().signal

/** Runs a module with `sink`, `sealed` and `range` in a process whose stdout is a pipe. */
function child(code: string) {
  const source = `
    import { stdoutSink } from ${JSON.stringify(new URL('./stdout-sink.ts', import.meta.url).href)}
    import { sealed } from ${JSON.stringify(new URL('../../../../test/sdk/delivery/scripted-sink.ts', import.meta.url).href)}
    const sink = stdoutSink()
    const { signal } = new AbortController()
    const records = (from, to, extra) => Array.from({ length: to - from }, (_, n) => sealed(from + n, extra))
    ${code}`
  return spawn(process.execPath, ['--conditions=trailproof-source', '--input-type=module', '-e', source], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

const seqsIn = (output: string): number[] =>
  output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => (JSON.parse(line) as { stream: { seq: number } }).stream.seq)

describe('stdout', () => {
  test('gets whole lines, in order, however slowly it is read, and mixed with those of the host', async () => {
    const process = child(`
      for (let at = 0; at < 2000; at += 100) {
        const written = sink.write(records(at, at + 100, { text: 'x'.repeat(5000) }), signal)
        console.log('a line of the host')
        await written
      }`)
    const output = await text(process.stdout)
    expect(seqsIn(output)).toEqual(Array.from({ length: 2000 }, (_, n) => n))
    for (const line of output.trimEnd().split('\n'))
      if (!line.startsWith('{"text":"xxx')) expect(line).toBe('a line of the host')
  })

  test('that nobody reads does not hold up the host', async () => {
    const process = child(`
      void sink.write(records(0, 1000, { text: 'x'.repeat(5000) }), signal)
      setImmediate(() => process.stderr.write('still running'))
      setTimeout(() => undefined, 60_000)`)
    const [said] = (await once(process.stderr, 'data')) as [Buffer]
    expect(String(said)).toBe('still running')
    process.kill('SIGKILL')
    await once(process, 'exit')
  })

  test('whose reader is gone fails for good, and does not end the host', async () => {
    const process = child(`
      process.stdin.resume()
      const failures = []
      while (failures.length < 2)
        await sink.write(records(0, 100, { text: 'x'.repeat(5000) }), signal).catch((error) => failures.push(error.retryable))
      for (let n = 0; n < 10; n++) await new Promise(setImmediate)
      process.stderr.write(JSON.stringify(failures))`)
    process.stdout.destroy()
    const [said, [code]] = await Promise.all([text(process.stderr), once(process, 'exit')])
    expect(said).toBe('[false,false]')
    expect(code).toBe(0)
  })

  test('gets what is left when the process exits', async () => {
    const process = child(`
      process.once('exit', () => sink.writeSync(records(0, 1000, { text: 'x'.repeat(1000) })))
      process.exit(3)`)
    const [output, [code]] = await Promise.all([text(process.stdout), once(process, 'exit')])
    expect(seqsIn(output)).toEqual(Array.from({ length: 1000 }, (_, n) => n))
    expect(code).toBe(3)
  })

  test.each([
    ['', 'nothing'],
    ["process.stdout.write('a line of the host\\n'.repeat(20000))", 'lines of the host behind it'],
  ])('gets the rest of what was under way at the exit: each line once, whole %s', async (host) => {
    const process = child(`
      const batch = records(0, 1000, { text: 'x'.repeat(1000) })
      void sink.write(batch, signal)
      await undefined
      await undefined
      ${host}
      process.once('exit', () => sink.writeSync([...batch, ...records(1000, 1100)]))
      process.exit(0)`)
    const output = await text(process.stdout)
    const lines = output.trimEnd().split('\n')
    expect(lines.slice(0, 1100).map((line) => seqsIn(line)[0])).toEqual(
      Array.from({ length: 1100 }, (_, n) => n),
    )
    expect(lines.slice(1100)).toEqual([])
  })

  test('that is in the middle of lines of the host at the exit gets ours on lines of their own', async () => {
    const process = child(`
      process.stdout.write('a line of the host\\n'.repeat(20000))
      const batch = records(0, 1000, { text: 'x'.repeat(1000) })
      void sink.write(batch, signal)
      await undefined
      process.once('exit', () => sink.writeSync(batch))
      process.exit(0)`)
    const output = await text(process.stdout)
    expect(seqsIn(output)).toEqual(Array.from({ length: 1000 }, (_, n) => n))
  })

  test('that nobody reads does not keep the process from exiting', async () => {
    const process = child(`
      const batch = records(0, 1000, { text: 'x'.repeat(5000) })
      process.once('exit', () => { try { sink.writeSync(batch) } catch { process.exitCode = 5 } })
      process.exit()`)
    const [code] = await once(process, 'exit')
    expect(code).toBe(5)
  })
})

test('a stream of one’s own is waited for', async () => {
  const chunks: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: Buffer, _, done) {
      chunks.push(String(chunk))
      setImmediate(done)
    },
  })
  const sink = stdoutSink({ stream })
  expect(await sink.write([sealed(1), sealed(2)], signal)).toEqual([{ kind: 'written' }, { kind: 'written' }])
  expect(chunks.join('')).toBe(`${sealed(1).line}\n${sealed(2).line}\n`)
  expect('writeSync' in sink, 'nothing is promised for the exit').toBe(false)
})
