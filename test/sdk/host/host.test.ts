/** The host never suffers: whatever is wrong with the SDK's surroundings, a client sees what it sees without the SDK. */

import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { smallDisk } from '../../support/small-disk.ts'
import { FAULTS, type Fault, type FaultPlaces } from './faults.ts'
import { abortUpload, askAll, REQUESTS, type Seen } from './requests.ts'
import type { Framework } from './services.ts'
import { type Host, type HostReport, startHost } from './start-host.ts'

/** Waiting records may take this (`queue.bytesMax`), and what holds them as much again. */
const QUEUE_BYTES_MAX = 2 * 16 * 2 ** 20
/** Beside them: the SDK itself, and what its libraries keep. */
const MEMORY_FACTOR = 2

async function places(fault: Fault | 'no SDK'): Promise<FaultPlaces> {
  switch (fault) {
    case 'is a server that hangs':
      return { url: await listening(createTcpServer(held)), fullDisk: '' }
    case 'is a server that answers garbage':
      return {
        url: await listening(createServer((_, response) => response.end('<html>hello</html>'))),
        fullDisk: '',
      }
    case 'is away, over a full disk':
    case 'is away, with every trail on a full disk': {
      const disk = smallDisk(1)
      const fullDisk = join(disk.data, 'spool')
      mkdirSync(fullDisk, { recursive: true })
      disk.fillTo(0)
      return { url: '', fullDisk }
    }
    default:
      return { url: '', fullDisk: '' }
  }
}

/** Connections that are never answered. */
function held(socket: Socket): void {
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
}

async function listening(server: Server | ReturnType<typeof createTcpServer>): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function reportOnce(host: Host, isSo: (report: HostReport) => boolean): Promise<HostReport> {
  for (;;) {
    const report = await host.report()
    if (isSo(report)) return report
  }
}

interface Without {
  readonly seen: Readonly<Record<string, Seen>>
  readonly report: HostReport
}

async function askedWithout(framework: Framework): Promise<Without> {
  const host = await startHost({ framework, fault: 'no SDK', url: '', fullDisk: '' })
  const seen = await askAll(host.port)
  await abortUpload(host.port)
  const report = await host.report()
  expect(await host.end()).toBe(0)
  return { seen, report }
}

describe.each<Framework>(['node:http', 'fastify'])('%s', (framework) => {
  let asked: Promise<Without> | undefined
  const without = (): Promise<Without> => (asked ??= askedWithout(framework))

  test.each(FAULTS)('answers as without the SDK where the sink %s', async (fault) => {
    const host = await startHost({ framework, fault, ...(await places(fault)) })
    expect(await askAll(host.port)).toEqual((await without()).seen)
    await abortUpload(host.port)
    const all = REQUESTS.length + 1
    const memoryBytesMax = MEMORY_FACTOR * (await without()).report.memoryBytes + QUEUE_BYTES_MAX
    const report = await reportOnce(host, ({ recorder, delivery, memoryBytes }) => {
      const { open, trails } = recorder!
      const isOver = open === 0 && trails.finished + trails.abandoned === all
      // Buffers of the last requests may still be on their way out.
      return isOver && isAccounted(fault, delivery!) && memoryBytes < memoryBytesMax
    })
    expect(report.uncaught).toBe(0)
    expect(report.recorder).toMatchObject({ trails: { opened: all, abandoned: 1 }, faults: 0 })
    const { given, written, waitingRecords, dropped, spool } = report.delivery!
    const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
    expect(given).toBe(written + waitingRecords + lost + (spool?.records ?? 0))
    expect(written).toBe(fault === 'none' ? given : 0)
    expect(await host.end()).toBe(0)
  })
})

/** Whether the counters say what happened. */
function isAccounted(
  fault: Fault,
  { given, written, retries, waitingRecords, dropped }: NonNullable<HostReport['delivery']>,
): boolean {
  switch (fault) {
    case 'none':
      return written === given
    case 'hangs':
      return waitingRecords === given
    case 'is away, over a full disk':
    case 'is away, with every trail on a full disk':
      return dropped.spool_failed > 0 && retries > 0
    default:
      return retries > 0
  }
}
