import { describe, expect, test } from 'vitest'
import { createRecorder } from '../recorder/default-recorder.ts'
import { memorySink } from '../sinks/memory-sink.ts'
import { collectCall } from './custom.ts'

async function callsOf(work: () => unknown): Promise<unknown> {
  const sink = memorySink()
  const recorder = createRecorder({ sink })
  const trail = recorder.openTrail()
  await trail.run(work)
  void trail.finish()
  await recorder.close()
  return sink.records[0]!['integrations']
}

const failure = Object.assign(new TypeError('no such entry'), { code: 'LDAP_32' })

describe.each([
  ['at once', <Value>(value: () => Value): Value | Promise<Value> => value()],
  ['by a promise', <Value>(value: () => Value): Value | Promise<Value> => Promise.resolve().then(value)],
])('a call that answers %s', (_how, answer) => {
  test('is recorded with what is asked for, and gives back what it does', async () => {
    const result = { dn: 'cn=a', password: 'hunter2' }
    const calls = await callsOf(async () => {
      const given = await collectCall(
        { type: 'ldap', name: 'ldap search', request: { filter: 'a' }, response: ({ dn }) => ({ dn }) },
        () => answer(() => result),
      )
      expect(given).toBe(result)
      await collectCall({ name: 'quiet' }, () => answer(() => result))
    })
    expect(calls).toMatchObject([
      {
        type: 'ldap',
        name: 'ldap search',
        request: { filter: 'a' },
        response: { dn: 'cn=a' },
        latency_ms: expect.any(Number),
      },
      { type: 'custom', name: 'quiet', latency_ms: expect.any(Number) },
    ])
    expect(JSON.stringify(calls)).not.toContain('hunter2')
  })

  test('throws what it throws', async () => {
    const calls = await callsOf(async () => {
      const run = async (): Promise<unknown> =>
        collectCall({ name: 'ldap search' }, () =>
          answer(() => {
            throw failure
          }),
        )
      await expect(run()).rejects.toBe(failure)
    })
    expect(calls).toMatchObject([{ error: { message: 'no such entry', code: 'LDAP_32', name: 'TypeError' } }])
  })

  test('is not harmed by what cannot be read of it', async () => {
    const hostile = {
      get trap(): never {
        throw new Error('not for reading')
      },
    }
    const calls = await callsOf(async () => {
      const given = await collectCall(
        {
          name: 'hostile',
          request: hostile,
          response: () => {
            throw new Error('not for choosing')
          },
        },
        () => answer(() => hostile),
      )
      expect(given).toBe(hostile)
    })
    expect(calls).toMatchObject([{ name: 'hostile', latency_ms: expect.any(Number) }])
  })
})

test('undefined may be thrown, too', async () => {
  const calls = await callsOf(() => {
    try {
      collectCall({ name: 'odd' }, () => {
        throw undefined // oxlint-disable-line typescript/only-throw-error -- some do
      })
    } catch (error) {
      expect(error).toBeUndefined()
    }
  })
  expect(calls).toMatchObject([{ error: { message: 'undefined was thrown' } }])
})

test('without a trail it just runs', () => {
  expect(collectCall({ name: 'alone' }, () => 7)).toBe(7)
})
