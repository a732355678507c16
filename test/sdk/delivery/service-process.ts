/** A service that records on disk before it goes on, until it is killed; says which records are safe, one id a line. */
import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { uuidv7 } from 'uuidv7'
import { createDelivery } from '../../../packages/sdk/src/delivery/delivery.ts'
import { createSpool } from '../../../packages/sdk/src/delivery/spool/spool.ts'
import { serverSink } from '../../../packages/sdk/src/sinks/server-sink.ts'

const [url = '', key = '', directory = '', mode = 'disk', last = ''] = process.argv.slice(2)
const stream = uuidv7()
const spool = createSpool({ directory, stream })
const delivery = createDelivery({ sink: serverSink({ url, key, timeoutMs: 2_000 }), spool, maxAgeMs: 5 })

if (last === 'last') {
  // Nothing new: what all before have left.
  await spool.open(() => undefined)
  while (spool.waitingRecords > 0) await setImmediate()
  await delivery.close(60_000)
  process.exit(0)
}

// A service has a server that keeps it alive; recording does not.
setInterval(() => undefined, 60_000)
let seq = 0
async function serve(): Promise<never> {
  for (;;) {
    const id = uuidv7()
    const own = ++seq
    const timestamp = new Date().toISOString()
    const fields = { action: 'order.placed', id, kind: 'event', service: 'crash-test', timestamp }
    const line = JSON.stringify({
      ...fields,
      metadata: { text: 'x'.repeat(own % 300) },
      stream: { id: stream, seq: own },
    })
    const safe = await delivery.deliverSafely({ id, kind: 'event', seq: own, line }, mode as 'disk' | 'ack')
    // As a service answers its client: only now.
    if (safe.kind !== 'failed') writeSync(1, `${id}\n`)
  }
}
await Promise.all(Array.from({ length: 16 }, serve))
