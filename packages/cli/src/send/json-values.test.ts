import { describe, expect, test } from 'vitest'
import { withId } from './give-id.ts'
import { readJsonValues } from './json-values.ts'

async function valuesOf(chunks: readonly Uint8Array[]): Promise<string[]> {
  async function* stream() {
    yield* chunks
  }
  const values: string[] = []
  for await (const value of readJsonValues(stream())) values.push(value)
  return values
}

describe('readJsonValues', () => {
  test.each([
    ['nothing', ' \n ', []],
    ['NDJSON', '{"a":1}\n{"a":2}\n', ['{"a":1}', '{"a":2}']],
    ['NDJSON with a line that is not JSON', '{"a":1}\n{"a\n{"a":2}', ['{"a":1}', '{"a', '{"a":2}']],
    ['text that never was JSON', 'hello\nworld', ['hello', 'world']],
    ['an empty array', '[ ]', []],
    ['an array', '[{"a":"] \\" ["}, {"é":"\\\\"} ]', ['{"a":"] \\" ["}', '{"é":"\\\\"}']],
    [
      'an array of what are no records',
      '[1,"x, y",null,[2,{"a":3}]]',
      ['1', '"x, y"', 'null', '[2,{"a":3}]'],
    ],
    ['objects over lines', '{\n"a":1\n}{\n"a":2}\n', ['{ "a":1 }', '{ "a":2}']],
    ['an object without an end', '{\n"a":1}\n{"b":\n[', ['{ "a":1}', '{"b": [']],
  ])('splits %s the same wherever the stream is cut', async (_, text, values) => {
    const bytes = new TextEncoder().encode(text)
    for (let cut = 0; cut <= bytes.length; cut++)
      expect(await valuesOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(values)
    expect(await valuesOf(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(values)
  })

  test('stops, plainly, at a record without end', async () => {
    const endless = new TextEncoder().encode(`[{"a":"${'x'.repeat(2 ** 20)}`)
    await expect(
      valuesOf([endless, ...Array.from({ length: 17 }, () => endless.subarray(8))]),
    ).rejects.toThrow(/a record has more than \d+ characters, or no end/)
  })
})

describe('withId', () => {
  test.each([
    ['{"a":1.0}', /^\{"id":"[0-9a-f-]{36}","a":1\.0\}$/],
    ['{ }', /^\{"id":"[0-9a-f-]{36}"\}$/],
    ['{"id":"x"}', /^\{"id":"x"\}$/],
    ['{"id":""}', /^\{"id":""\}$/],
    ['{"a":', /^\{"a":$/],
    ['7', /^7$/],
  ])('%s', (text, named) => {
    expect(withId(text)).toMatch(named)
  })
})
