/** How fast a whole ledger leaves as NDJSON with its proofs, and what that costs the server in memory. */
import { get } from 'node:http'
import { type BenchServer, TOKEN } from './bench-server.ts'
import type { Figure } from './budgets.ts'

const MIB = 2 ** 20

export async function measureExport(server: BenchServer): Promise<Partial<Record<Figure, number>>> {
  await exportAll(server) // the first one compiles it
  const rssBefore = server.rssMib()
  const { bytes, records, seconds, worstRss } = await exportAll(server)
  return {
    'export.records': records / seconds,
    'export.bytes': bytes / MIB / seconds,
    'export.rss': worstRss - rssBefore,
  }
}

interface Exported {
  readonly bytes: number
  readonly records: number
  readonly seconds: number
  /** MiB. */
  readonly worstRss: number
}

function exportAll(server: BenchServer): Promise<Exported> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const path = `http://127.0.0.1:${server.port}/v1/export`
    const request = get(path, { headers: { authorization: `Bearer ${TOKEN}` } }, (response) => {
      let bytes = 0
      let worstRss = 0
      const watch = setInterval(() => {
        worstRss = Math.max(worstRss, server.rssMib())
      }, 50)
      response.on('data', (piece: Buffer) => {
        bytes += piece.length
      })
      response.on('close', () => {
        clearInterval(watch)
        if (!response.complete) return reject(new Error(`the export ended early: ${response.statusCode}`))
        const records = Number(response.headers['x-trailproof-size'])
        resolve({ bytes, records, seconds: (performance.now() - started) / 1000, worstRss })
      })
    })
    request.on('error', reject)
  })
}
