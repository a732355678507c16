/** Appends to a spool until it is killed, and says of which records the append has resolved, one number a line. */
import { writeSync } from 'node:fs'
import { createSpool } from '../../../packages/sdk/src/delivery/spool/spool.ts'
import { sealed } from './scripted-sink.ts'

const [directory = '', stream = '', from = '0', sync = ''] = process.argv.slice(2)
const spool = createSpool({ directory, stream, sync: sync === 'sync', segmentBytesMax: 20_000 })

let seq = Number(from)
async function write(): Promise<never> {
  for (;;) {
    const own = seq++
    await spool.append(sealed(own, { text: 'x'.repeat(own % 500) }))
    writeSync(1, `${own}\n`)
  }
}
await Promise.all(Array.from({ length: 20 }, write))
