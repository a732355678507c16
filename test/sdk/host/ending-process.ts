/** A service that ends in the middle of its work, in the way it is told; its trails go to stdout, as they do by default. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAudit, createRecorder, runTrail, serverSink } from '@trailproof/sdk'
import { recordServer } from '@trailproof/sdk/http'

const recorder = createRecorder({ service: 'ending' })

if (process.argv[2] === 'receipt') {
  const sink = serverSink({ url: process.argv[3]! })
  const audit = createAudit({}, createRecorder({ service: 'ending', sink, delivery: 'ack' }))
  console.log((await audit.event('thing.done', {})).kind)
} else if (process.argv[2] === 'script') {
  for (let job = 0; job < 20; job++)
    await runTrail({ action: `job.${job}` }, () => console.log('at work'), recorder)
  recorder.openTrail({ action: 'job.open' })
} else {
  const server = createServer((request, response) => {
    switch (request.url) {
      case '/hangs':
        return
      case '/exit':
        process.exit(3)
        break
      case '/throws':
        throw new Error('boom')
      case '/answer-and-exit':
        response.end('gone')
        process.exit(3)
        break
      default:
        response.end('x'.repeat(20_000))
    }
  })
  recordServer(server, recorder)
  process.on('SIGTERM', () => {
    server.close()
    void recorder.close().then(() => process.exit(0))
  })
  server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
}
