import {
  AuthenticationError,
  MultipleErrors,
  NetworkError,
  ProtocolError,
  UserError,
} from '@platformatic/kafka'
import {
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
} from 'kafkajs'
import { expect, test } from 'vitest'
import { kafkaVerdict } from './kafka-verdict.ts'

function kafkaJs(type: string, retriable: boolean): KafkaJSProtocolError {
  return new KafkaJSProtocolError(Object.assign(new Error(type), { type, retriable, code: 1 }))
}

function platformatic(name: string): Error {
  return new MultipleErrors('Producing messages failed.', [new ProtocolError(name)])
}

const circular: { cause?: unknown; errors?: unknown[] } = new Error('round')
circular.cause = circular
circular.errors = [circular]

test.each([
  ['kafkajs, broker: too large', kafkaJs('MESSAGE_TOO_LARGE', false), 'too large'],
  ['kafkajs, broker: not enough replicas', kafkaJs('NOT_ENOUGH_REPLICAS', true), 'later'],
  ['kafkajs, broker: invalid record', kafkaJs('INVALID_RECORD', false), 'never'],
  ['kafkajs, broker: no right', kafkaJs('TOPIC_AUTHORIZATION_FAILED', false), 'misdirected'],
  ['kafkajs: connection', new KafkaJSConnectionError('gone'), 'later'],
  ['kafkajs: disconnected', new KafkaJSError('The producer is disconnected'), 'later'],
  ['kafkajs: disconnecting', new KafkaJSNonRetriableError('The producer is disconnecting'), 'later'],
  [
    'kafkajs: out of retries',
    new KafkaJSNumberOfRetriesExceeded(kafkaJs('LEADER_NOT_AVAILABLE', true), {
      retryCount: 1,
      retryTime: 1,
    }),
    'later',
  ],
  ['platformatic, broker: too large', platformatic('MESSAGE_TOO_LARGE'), 'too large'],
  ['platformatic, broker: list too large', platformatic('RECORD_LIST_TOO_LARGE'), 'too large'],
  ['platformatic, broker: not the leader', platformatic('NOT_LEADER_OR_FOLLOWER'), 'later'],
  ['platformatic, broker: invalid record', platformatic('INVALID_RECORD'), 'never'],
  ['platformatic, broker: no right', platformatic('TOPIC_AUTHORIZATION_FAILED'), 'misdirected'],
  ['platformatic: network', new NetworkError('gone'), 'later'],
  ['platformatic: credentials', new AuthenticationError('no'), 'misdirected'],
  ['platformatic: closed', new UserError('Client is closed.'), 'later'],
  ['an error of something else', new Error('?'), 'later'],
  ['an error in a circle', circular, 'later'],
  ['nothing', undefined, 'later'],
])('%s', (_, error, verdict) => {
  expect(kafkaVerdict(error)).toBe(verdict)
})
