import { expect, test } from 'vitest'
import { sealed } from '../../../../test/sdk/delivery/scripted-sink.ts'
import { memorySink } from './memory-sink.ts'

const signal = new AbortController().signal

test('keeps the newest records, parsed and as sent', async () => {
  const sink = memorySink({ recordsMax: 3 })
  await sink.write([sealed(1), sealed(2)], signal)
  sink.writeSync!([sealed(3), sealed(4)])
  expect(sink.lines).toEqual([sealed(2).line, sealed(3).line, sealed(4).line])
  expect(sink.records.map(({ stream }) => stream)).toMatchObject([{ seq: 2 }, { seq: 3 }, { seq: 4 }])
  expect(sink.records[0], 'parsed once').toBe(sink.records[0])
  sink.clear()
  expect(sink.records).toEqual([])
})
