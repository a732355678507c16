// A request puts a job into a queue; the job's trail goes on with the request's, whenever it runs.
import { createServer } from 'node:http'
import { carrier, runTrail, setMetadata } from '@trailproof/sdk'
import { recordServer } from '@trailproof/sdk/http'

const queue = []
const server = createServer((_request, response) => {
  queue.push({ invoice: 'i-1', carrier: carrier() }) // plain texts: fit for any queue or table
  response.writeHead(202).end()
})
recordServer(server, { service: 'invoices' }).listen(Number(process.env.PORT ?? 3000))

const worker = setInterval(() => {
  const job = queue.shift()
  if (job === undefined) return
  void runTrail({ action: 'invoice.sent', carrier: job.carrier }, () => setMetadata('invoice', job.invoice))
}, 10)

process.once('SIGTERM', () => {
  clearInterval(worker)
  server.close()
})
