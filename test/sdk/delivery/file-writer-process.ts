/** Writes records to a file that other processes write to as well, with rotations in between. */
import { fileSink } from '../../../packages/sdk/src/sinks/file-sink.ts'
import { sealed } from './scripted-sink.ts'

const [path = '', from = '0', count = '0'] = process.argv.slice(2)
const sink = fileSink({ path, bytesMax: 20_000, filesMax: 0, daysMax: 0 })
const { signal } = new AbortController()
for (let at = 0; at < Number(count); at += 3) {
  const batch = [0, 1, 2].map((n) => sealed(Number(from) + at + n, { text: 'x'.repeat(300) }))
  await sink.write(batch, signal)
}
await sink.close()
