import { expect, test } from 'vitest'
import { memorySink } from '../sinks/memory-sink.ts'
import { createRecorder } from './default-recorder.ts'
import type { RedactionOptions } from './redaction-options.ts'

async function recorded(redaction?: RedactionOptions | false): Promise<Readonly<Record<string, unknown>>> {
  const sink = memorySink()
  const recorder = createRecorder({ sink, collect: false, ...(redaction !== undefined && { redaction }) })
  const trail = recorder.openTrail()
  trail.setMetadata({
    accessToken: 'a',
    access_token: 'b',
    userPassword: 'c',
    note: 'paid with 4111 1111 1111 1111 from DE89370400440532013000 by ada@example.org',
    customer: { tax: '12345' },
  })
  trail.addIntegration({
    type: 'http',
    name: 'POST /',
    request: { url: 'https://h/?api_key=K', body: 'password=x&a=1' },
  })
  trail.addError(new Error('no user for token=abc123'))
  void trail.finish()
  await recorder.close()
  const { metadata, integrations, errors } = sink.records[0]!
  return { ...(metadata as object), integrations, errors }
}

test('by default names in any style, cards, accounts, tokens and keys are masked, in errors too', async () => {
  const record = await recorded()
  expect(record).toMatchObject({
    accessToken: '***',
    access_token: '***',
    userPassword: '***',
    note: 'paid with *** from *** by ada@example.org',
    customer: { tax: '12345' },
    integrations: [{ request: { url: 'https://h/?api_key=***', body: 'password=***&a=1' } }],
    errors: [{ message: 'no user for token=***' }],
  })
})

test('rules say what else, and how', async () => {
  const record = await recorded({
    hashKey: '0123456789abcdef',
    mask: '[gone]',
    rules: [
      { detect: ['card'], as: 'partial' },
      { detect: ['email'], as: 'partial' },
      { paths: ['metadata.customer.tax'], as: 'hash' },
      { names: ['userPassword'], as: 'drop' },
    ],
  })
  expect(record).toMatchObject({
    accessToken: '[gone]',
    note: 'paid with 411111******1111 from [gone] by a***@example.org',
    customer: { tax: expect.stringMatching(/^hmac:[0-9a-f]{32}$/) as string },
  })
  expect(record).not.toHaveProperty('userPassword')
})

test('a recorder that is told to masks nothing', async () => {
  expect(await recorded(false)).toMatchObject({ accessToken: 'a' })
})

test('a rule that cannot be followed is refused at once', () => {
  expect(() => createRecorder({ redaction: { rules: [{ names: ['x'], as: 'hash' }] } })).toThrow(/hashKey/)
})
