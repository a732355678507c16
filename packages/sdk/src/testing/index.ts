/** For the tests of services: a recorder that keeps what it records, and matchers for Vitest and Jest. */
import { createRecorder } from '../recorder/default-recorder.ts'
import type { RecorderOptions } from '../recorder/options.ts'
import type { Recorder } from '../recorder/recorder.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { difference } from './difference.ts'

export type RecordedRecord = Readonly<Record<string, unknown>>

export interface TestRecorder {
  /** Give it to the middleware under test. */
  readonly recorder: Recorder
  /** Everything recorded so far, oldest first. */
  records(): Promise<readonly RecordedRecord[]>
  trails(): Promise<readonly RecordedRecord[]>
  /** Audit events, of one action where it is given. */
  events(action?: string): Promise<readonly RecordedRecord[]>
  /** Forgets what was recorded. */
  clear(): void
  close(): Promise<void>
}

export function testRecorder(options: RecorderOptions = {}): TestRecorder {
  const sink = memorySink()
  const recorder = createRecorder({ service: 'test', ...options, sink })
  const records = async (): Promise<readonly RecordedRecord[]> => {
    await recorder.flush()
    return [...sink.records]
  }
  return {
    recorder,
    records,
    trails: async () => (await records()).filter(({ kind }) => kind === 'trail'),
    events: async (wanted) =>
      (await records()).filter(
        ({ kind, action }) => kind === 'event' && (wanted === undefined || action === wanted),
      ),
    clear: () => sink.clear(),
    close: () => recorder.close(),
  }
}

interface MatchResult {
  readonly pass: boolean
  readonly message: () => string
}

/**
 * Matchers: `expect.extend(trailMatchers)`, then
 *
 *     await expect(test).toHaveTrail({ action: 'GET /orders/:id', outcome: 'success' })
 *     await expect(test).toHaveEvent('payment.created', { actor: { id: 'u-1' } })
 *
 * What is expected is a part of the record: objects may have more members, lists may not; `expect.any(…)` and the like work.
 */
export const trailMatchers = {
  toHaveTrail: async (test: TestRecorder, expected: object): Promise<MatchResult> =>
    found(await test.trails(), expected, 'trail'),
  toHaveEvent: async (test: TestRecorder, action: string, expected: object = {}): Promise<MatchResult> =>
    found(await test.events(), { ...expected, action }, `event ${action}`),
}

function found(records: readonly RecordedRecord[], expected: object, what: string): MatchResult {
  const differences = records.map((record) => difference(record, expected, ''))
  const pass = differences.includes(undefined)
  const tell = (): string => {
    if (pass) return `a ${what} was recorded that should not have been`
    if (records.length === 0) return `no ${what} was recorded`
    return `no ${what} is as expected; of ${records.length} recorded:\n${differences.map((each, i) => `  ${i + 1}. ${each}`).join('\n')}`
  }
  return { pass, message: tell }
}
