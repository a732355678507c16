/** The calls that some work makes, as its trail records them. */
import { createRecorder, memorySink, type Recorder, type RecorderOptions } from '@trailproof/sdk'

/** As deep as a test looks. */
// oxlint-disable-next-line typescript/no-explicit-any -- parts of a record differ from test to test
export type View = Readonly<Record<string, any>>

/** Runs `work` in a trail of its own; gives its integrations, in the order in which they began. */
export async function callsOf(work: () => unknown, options: RecorderOptions = {}): Promise<readonly View[]> {
  const record = await trailOf(work, options)
  return record['integrations'] as readonly View[]
}

/** The whole record. */
export async function trailOf(work: () => unknown, options: RecorderOptions = {}): Promise<View> {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'orders', sink, ...options })
  const trail = recorder.openTrail()
  await trail.run(work)
  void trail.finish()
  await recorder.close()
  return sink.records[0]!
}

/** Runs `work` in `count` trails at once; gives the integrations of each. */
export async function callsOfEach(
  count: number,
  work: (trail: number) => Promise<unknown>,
): Promise<readonly (readonly View[])[]> {
  const sink = memorySink()
  const recorder: Recorder = createRecorder({ service: 'orders', sink })
  const trails = Array.from({ length: count }, () => recorder.openTrail())
  await Promise.all(trails.map((trail, i) => trail.run(() => work(i))))
  for (const trail of trails) void trail.finish()
  await recorder.close()
  const records = new Map(sink.records.map((record) => [record['id'], record]))
  return trails.map(({ id }) => records.get(id)!['integrations'] as readonly View[])
}
