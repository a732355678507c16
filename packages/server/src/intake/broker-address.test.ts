import { expect, test } from 'vitest'
import { countIn, readBrokerAddress } from './broker-address.ts'

test.each([
  ['direct', { kind: 'direct' }],
  [
    'kafka://a:9092,b/records?partitions=3',
    { kind: 'kafka', brokers: ['a:9092', 'b:9092'], topic: 'records', tls: false, login: undefined },
  ],
  ['kafka://a', { kind: 'kafka', brokers: ['a:9092'], topic: undefined }],
  ['kafkas://u:p%40w@a:1/', { tls: true, brokers: ['a:1'], login: { username: 'u', password: 'p@w' } }],
  ['redis://:pw@h:6379/2?shards=4', { kind: 'redis', url: 'redis://:pw@h:6379/2' }],
  ['rediss://h', { kind: 'redis', url: 'rediss://h' }],
])('%s', (text, expected) => {
  expect(readBrokerAddress(text)).toMatchObject(expected)
})

test.each(['', 'kafka', 'amqp://h', 'kafka://', 'kafka://a?partition=3', 'redis://a?topic=x', 'redis://h/a'])(
  'no address: %s',
  (text) => {
    expect(() => readBrokerAddress(text)).toThrow(expect.objectContaining({ code: 'BAD_SETTING' }))
  },
)

test.each(['kafka://u:hunter%@a', 'redis://u:hunter%@h', 'redis://u:hun/ter@h', 'kafka://u:hun@ter@a'])(
  'a password that is not written as one in a URL is not repeated: %s',
  (text) => {
    expect(() => readBrokerAddress(text)).toThrow(
      expect.objectContaining({ code: 'BAD_SETTING', message: expect.not.stringContaining('hun') as string }),
    )
  },
)

test('numbers among the parameters', () => {
  const parameters = new Map([
    ['shards', '12'],
    ['partitions', '0'],
  ])
  expect(countIn(parameters, 'shards')).toBe(12)
  expect(countIn(parameters, 'replicas')).toBeUndefined()
  expect(() => countIn(parameters, 'partitions')).toThrow(/at least 1, not 0/)
})
