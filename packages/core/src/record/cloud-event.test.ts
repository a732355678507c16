import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeUtf8 } from '../encoding/utf8.ts'
import { parseBinaryCloudEvent } from './binary-cloud-event.ts'
import { parseBody } from './parse-body.ts'

const EVENT = {
  specversion: '1.0',
  id: 'A234-1234-1234',
  source: 'https://github.com/cloudevents/spec/pull',
  type: 'com.github.pull_request.opened',
  subject: '123',
  time: '2018-04-05T17:31:00Z',
  datacontenttype: 'application/json',
  comexampleextension1: 'value',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  data: { appinfoA: 'abc', big: 1 },
}

function one(event: unknown, format: 'cloudevents' | 'cloudevents-batch' = 'cloudevents') {
  const body = parseBody(encodeUtf8(typeof event === 'string' ? event : JSON.stringify(event)), format)
  if (body.kind === 'refused') throw new Error(body.problem.message)
  return body.items[0]!
}

describe('a CloudEvent in structured mode', () => {
  test('becomes a record; what has no field is kept in metadata', () => {
    expect(one(EVENT)).toMatchObject({
      kind: 'record',
      foreign: { protocol: 'cloudevents', source: EVENT.source, id: EVENT.id },
      value: {
        action: EVENT.type,
        service: EVENT.source,
        timestamp: EVENT.time,
        targets: [{ type: 'subject', id: '123' }],
        trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
        span_id: '00f067aa0ba902b7',
        metadata: {
          cloudevent: {
            specversion: '1.0',
            datacontenttype: 'application/json',
            comexampleextension1: 'value',
          },
          data: EVENT.data,
        },
      },
    })
  })

  test('comes in batches, where one bad event hurts no other', () => {
    const body = parseBody(
      encodeUtf8(JSON.stringify([EVENT, { ...EVENT, id: '' }, 5, { ...EVENT, specversion: '0.3' }])),
      'cloudevents-batch',
    )
    expect(body).toMatchObject({
      single: false,
      items: [
        { kind: 'record' },
        { kind: 'problem', problems: [{ record: 1, field: '/id', code: 'type' }] },
        { kind: 'problem', problems: [{ record: 2, code: 'not_an_object' }] },
        { kind: 'problem', problems: [{ record: 3, field: '/specversion', code: 'value' }] },
      ],
    })
  })

  test('names everything that is missing', () => {
    expect(one({})).toMatchObject({
      problems: [{ field: '/specversion' }, { field: '/source' }, { field: '/id' }, { field: '/type' }],
    })
  })

  test('names coerced numbers where they are now', () => {
    const text = JSON.stringify({ ...EVENT, ext: 2 })
      .replace('"big":1', '"big":12345678901234567890')
      .replace('"ext":2', '"ext":1e-400')
    expect(one(text)).toMatchObject({ coerced: ['/metadata/data/big', '/metadata/cloudevent/ext'] })
  })

  test('carries a whole record as its data', () => {
    const data = {
      schema: 'trailproof/v1',
      action: 'payment.created',
      actor: { id: 'u' },
      metadata: { a: 1 },
    }
    expect(one({ ...EVENT, data })).toMatchObject({
      value: {
        action: 'payment.created',
        service: EVENT.source,
        actor: { id: 'u' },
        metadata: { a: 1, cloudevent: { specversion: '1.0' } },
      },
    })
  })
})

describe('a CloudEvent in binary mode', () => {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'ce-specversion': '1.0',
    'ce-id': 'i',
    'ce-source': '/s',
    'ce-type': 't',
    'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80 100%',
    accept: '*/*',
  }

  test('has its attributes in headers and its data in the body', () => {
    expect(
      parseBinaryCloudEvent(
        { ...headers, 'ce-subject': 'Euro%20%E2%82%AC' },
        encodeUtf8('{"n":12345678901234567890}'),
      ),
    ).toMatchObject({
      kind: 'record',
      foreign: { protocol: 'cloudevents', source: '/s', id: 'i' },
      coerced: ['/metadata/data/n'],
      value: {
        action: 't',
        targets: [{ id: 'Euro €' }],
        metadata: {
          data: { n: '12345678901234567890' },
          cloudevent: { datacontenttype: headers['content-type'] },
        },
      },
    })
    expect(parseBinaryCloudEvent(headers, encodeUtf8(''))).toMatchObject({
      value: { targets: [{ id: headers['ce-subject'] }] },
    })
  })

  test.each([
    ['application/json', '[1]', { data: [1] }],
    ['application/json', '"text"', { data: 'text' }],
    ['application/cloud+json', 'null', { data: null }],
    ['text/plain', '{x', { data: '{x' }],
  ])('%s data %s', (type, body, metadata) => {
    expect(parseBinaryCloudEvent({ ...headers, 'content-type': type }, encodeUtf8(body))).toMatchObject({
      value: { metadata },
    })
  })

  test('keeps bytes that are no text as base64', () => {
    expect(
      parseBinaryCloudEvent({ ...headers, 'content-type': 'image/png' }, Uint8Array.of(0xff, 0xfe)),
    ).toMatchObject({ value: { metadata: { data_base64: '//4=' } } })
  })

  test.each(['{', '1,"id":"x"', '1}{"data":2', '1},{', '', '{"a":1,"a":2}', '1e999', '{"__proto__":1}'])(
    'data %j never adds to the event',
    (body) => {
      const item = parseBinaryCloudEvent(headers, encodeUtf8(body))
      if (body === '') expect(item).toMatchObject({ kind: 'record', value: { metadata: {} } })
      else
        expect(item).toMatchObject({
          kind: 'problem',
          problems: [{ field: expect.stringMatching(/^\/data/) }],
        })
    },
  )

  test('any headers and bytes never throw', () => {
    const name = fc.constantFrom(
      'ce-specversion',
      'ce-id',
      'ce-source',
      'ce-type',
      'ce-__proto__',
      'ce-',
      'content-type',
    )
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.oneof(fc.constantFrom('1.0', 'application/json'), fc.string())),
        fc.uint8Array(),
        (sent, body) => {
          expect(['record', 'problem']).toContain(parseBinaryCloudEvent(sent, body).kind)
        },
      ),
    )
  })
})
