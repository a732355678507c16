/** Ten thousand requests, two hundred at a time, while the sink takes nothing: each is answered, and memory stays bounded. */
import { Agent } from 'node:http'
import { describe, expect, test } from 'vitest'
import type { Fault } from './faults.ts'
import { ask, type Seen } from './requests.ts'
import type { Framework } from './services.ts'
import { type Host, type HostReport, startHost } from './start-host.ts'

const REQUESTS = 10_000
const CONNECTIONS = 200
/** Of the run without the SDK, after garbage collection. */
const MEMORY_FACTOR = 3
const PLACES = { url: 'http://127.0.0.1:1', fullDisk: '' }

/** How often each answer came; the id of the order is that of the request. */
async function askMany(port: number): Promise<Map<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const answers = new Map<string, number>()
  let next = 0
  const client = async (): Promise<void> => {
    for (let id = next++; id < REQUESTS; id = next++) {
      const seen = described(await ask(port, { path: `/orders/${id}` }, agent), id)
      answers.set(seen, (answers.get(seen) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  agent.destroy()
  return answers
}

function described({ status, headers, text }: Seen, id: number): string {
  const lengths = headers.map((header) => header.replace(/^(content-length: )\d+$/, '$1n'))
  return JSON.stringify([status, lengths, text.replace(`"${id}"`, '"id"')])
}

const WARM_UP = 50

async function asked(framework: Framework, fault: Fault | 'no SDK') {
  const host = await startHost({ framework, fault, ...PLACES })
  // What is compiled and cached once is no growth.
  for (let n = 0; n < WARM_UP; n++) await ask(host.port, { path: '/orders/0' })
  return { host, answers: await askMany(host.port) }
}

async function askedWithout(framework: Framework) {
  const { host, answers } = await asked(framework, 'no SDK')
  const { memoryBytes } = await host.report()
  expect(await host.end()).toBe(0)
  expect([...answers.values()]).toEqual([REQUESTS])
  return { answers, memoryBytes }
}

async function reportOnce(host: Host, isSo: (report: HostReport) => boolean): Promise<HostReport> {
  for (;;) {
    const report = await host.report()
    if (isSo(report)) return report
  }
}

describe.each<Framework>(['node:http', 'fastify'])('%s', (framework) => {
  let asking: ReturnType<typeof askedWithout> | undefined
  const without = () => (asking ??= askedWithout(framework))

  test.each<Fault>(['none', 'rejects', 'hangs'])('answers all where the sink %s', async (fault) => {
    const bare = await without()
    const { host, answers } = await asked(framework, fault)
    expect(answers).toEqual(bare.answers)
    const all = REQUESTS + WARM_UP
    // A finished trail is given to its delivery in a later turn of the loop; records of gaps are given too.
    const { recorder, delivery, uncaught } = await reportOnce(
      host,
      (report) =>
        report.recorder!.trails.finished === all &&
        report.delivery!.given >= all &&
        report.memoryBytes < MEMORY_FACTOR * bare.memoryBytes,
    )
    expect(uncaught).toBe(0)
    expect(recorder).toMatchObject({ trails: { opened: all, finished: all, abandoned: 0 }, faults: 0 })
    const { given, written, waitingRecords, waitingBytes, dropped } = delivery!
    expect(given).toBe(written + waitingRecords + dropped.queue_full)
    expect(waitingBytes).toBeLessThanOrEqual(16 * 2 ** 20)
    expect(waitingRecords).toBeLessThanOrEqual(10_000)
    if (fault !== 'none') expect(dropped.queue_full).toBeGreaterThan(0)
  })
})
