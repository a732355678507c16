/** Rules by place. */

import { hash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { mapRecord } from '../record/map-record.ts'
import { compilePaths } from './path-matcher.ts'
import { type PathStep, parsePath } from './path-pattern.ts'
import { compileRedaction } from './policy.ts'
import { redactPersonal } from './redact-record.ts'
import type { RedactionMode } from './replacement.ts'

const policyOf = (paths: readonly string[], as: RedactionMode = 'mask') =>
  compileRedaction({
    rules: [{ paths, as }],
    hashKey: new Uint8Array(32),
    sha256: (data) => hash('sha256', data, 'buffer'),
  })
const redacted = (personal: object, paths: readonly string[], as?: RedactionMode) =>
  redactPersonal(personal, policyOf(paths, as))

describe('a path', () => {
  test.each([
    ['', 'at 0: expected a name'],
    ['.request', 'at 0: expected a name'],
    ['request.', 'at 7: expected a name'],
    ['request..body', 'at 7: expected a name'],
    ['request body', 'at 7: expected . or ['],
    ['request.a b', 'at 9: expected . or ['],
    ['request.***', 'at 10: expected . or ['],
    ['request.a*', 'at 9: expected . or ['],
    ['request[', 'at 7: brackets hold'],
    ['request[]', 'at 7: brackets hold'],
    ['request[01]', 'at 7: brackets hold'],
    ['request[-1]', 'at 7: brackets hold'],
    ['request[a]', 'at 7: brackets hold'],
    ["request['a']", 'at 7: brackets hold'],
    ['request["a]', 'at 7: brackets hold'],
    ['request["a\n"]', 'at 7: brackets hold'],
    ['request["\\x"]', 'at 7: brackets hold'],
    ['/request/body', 'at 0: expected a name'],
    ['**', 'covers the whole record'],
    ['**.**', 'covers the whole record'],
    ['action', 'action is no field of the personal group (actor, '],
    ['redacted[0]', 'redacted is no field of the personal group'],
    ['iban', 'fields of your own are found in metadata'],
    [`metadata${'.a'.repeat(64)}`, 'has more than 64 steps'],
    [`metadata.${'a'.repeat(5_000)}`, 'is longer than 4096 characters'],
  ])('%j is refused', (path, message) => {
    expect(() => policyOf(['metadata.a', path])).toThrow(
      `redaction rule 1, paths[1]: ${JSON.stringify(path)}: `,
    )
    expect(() => policyOf([path])).toThrow(message)
  })

  test.each<[string, object | undefined]>([
    ['request.body.a', { request: { body: { a: '***', b: 1 } } }],
    ['request["body"]["a"]', { request: { body: { a: '***', b: 1 } } }],
    ['request.*.a', { request: { body: { a: '***', b: 1 } } }],
    ['*.*.a', { request: { body: { a: '***', b: 1 } } }],
    ['*.body', { request: { body: '***' } }],
    ['**.a', { request: { body: { a: '***', b: 1 } } }],
    ['**.request.**.a.**', { request: { body: { a: '***', b: 1 } } }],
    ['request.**', { request: { body: '***' } }],
    ['request', { request: { body: '***' } }],
    ['request.body.A', undefined],
    ['request.a', undefined],
    ['request.body.a.b', undefined],
    ['request[0]', undefined],
  ])('%j leads where it says', (path, expected) => {
    const personal = { request: { body: { a: 'x', b: 1 } } }
    const result = redacted(personal, [path])
    if (expected === undefined) expect(result).toBe(personal)
    else expect(result).toMatchObject(expected)
    expect(redacted(result, [path])).toBe(result)
  })

  test('names indexes, and names with any characters', () => {
    const personal = {
      integrations: [
        { request: { args: ['a', 'b', 1] } },
        { request: { args: { 0: 'c' } } },
        { request: {} },
      ],
      metadata: { 'a.b': 1, 'c"d': 2, größe: 3, 'x-y': 4, e: [[5], [6, 7]] },
    }
    const paths = [
      'integrations[*].request.args[0]',
      'metadata["a.b"]',
      'metadata["c\\"d"]',
      'metadata.größe',
      'metadata.x-y',
      'metadata.e[1][*]',
    ]
    expect(redacted(personal, paths)).toEqual({
      integrations: [
        { request: { args: ['***', 'b', 1] } },
        { request: { args: { 0: '***' } } },
        { request: {} },
      ],
      metadata: { 'a.b': '***', 'c"d': '***', größe: '***', 'x-y': '***', e: [[5], ['***', '***']] },
      redacted: [
        '/integrations/0/request/args/0',
        '/integrations/1/request/args/0',
        '/metadata/a.b',
        '/metadata/c"d',
        '/metadata/größe',
        '/metadata/x-y',
        '/metadata/e/1/0',
        '/metadata/e/1/1',
      ],
    })
  })

  test('decides before names, also in lists of names and values; the earlier path decides', () => {
    const policy = compileRedaction({
      rules: [
        { names: ['pin'], as: 'drop' },
        { paths: ['**.headers[3]', 'metadata.list[0].value', 'metadata.pairs[0][1]'], as: 'partial' },
        { paths: ['metadata.pin'], as: 'partial' },
        { paths: ['metadata.*'], as: 'drop' },
      ],
    })
    const personal = {
      metadata: { pin: 'abcdefghijklmnop' },
      request: {
        headers: ['Cookie', 'abcdefghijklmnop', 'Token', 'abcdefghijklmnop'],
        pairs: [['Cookie', 'x']],
        list: [{ name: 'Cookie', value: 'x' }],
        pin: 1,
      },
    }
    expect(redactPersonal(personal, policy)).toMatchObject({
      metadata: { pin: '******mnop' },
      request: {
        headers: ['Cookie', '***', 'Token', '******mnop'],
        pairs: [['Cookie', '***']],
        list: [{ name: 'Cookie', value: '***' }],
      },
    })
  })

  test('reaches identifiers, but not what the server keeps book in', () => {
    const personal = {
      actor: { id: 'u', email: 'ada@example.org', roles: ['a', 'b'] },
      session_id: 's-1',
      stream_chain: { hash: 'h' },
      redacted: ['/x'],
      truncated: [{ path: '/x' }],
    }
    expect(
      redacted(personal, ['actor.email', 'session_id', '*.hash', '*[0]', '*[0].path'], 'partial'),
    ).toEqual({
      ...personal,
      actor: { id: 'u', email: 'a***@example.org', roles: ['a', 'b'] },
      session_id: '***',
      stream_chain: { hash: '***' },
      redacted: ['/x', '/actor/email', '/session_id', '/stream_chain/hash'],
    })
  })

  test('does not lead into texts', () => {
    const personal = { request: { body: '{"a":1}' } }
    expect(redacted(personal, ['request.body.a'])).toBe(personal)
  })

  test('drops members, leaves null in lists and says where', () => {
    const result = redacted(
      { metadata: { a: [1, { b: 2, c: null }, 3, null], d: {} } },
      ['metadata.a[0]', 'metadata.a[3]', 'metadata.a[*].*', 'metadata.d'],
      'drop',
    )
    expect(result).toEqual({
      metadata: { a: [null, {}, 3, null] },
      redacted: ['/metadata/a/0', '/metadata/a/1/b', '/metadata/a/1/c', '/metadata/d'],
    })
  })
})

describe('a record that paths were followed in', () => {
  const trail = {
    kind: 'trail',
    action: 'a',
    actor: { id: 'u', roles: ['r'], auth: { method: 'password', mfa: true }, on_behalf_of: { id: 'v' } },
    changes: [{ path: '/a', old: 1, new: 2 }],
    errors: [{ message: 'm', stack: ['a'] }],
    integrations: [{ type: 'sql', request: { args: [1] } }],
    internal_steps: [{ name: 's' }],
    labels: { a: 'b', n: 1 },
    message: 'm',
    metadata: { a: { b: 1 } },
    reason: 'r',
    request: { method: 'GET', headers: { accept: '*/*' } },
    response: { status: 200 },
    session_id: 's',
    source: { ip: '203.0.113.7', forwarded: ['203.0.113.8'] },
    stream_chain: { hash: 'h' },
    targets: [{ type: 't', id: 'i', parent: { id: 'p' } }],
  }
  const { kind: _kind, action: _action, ...personal } = trail
  const paths = ['*', '*.*', '*.*.*', '**.*', '*[0]', 'actor.roles[0]', 'changes[*].path', 'actor.auth']

  test.each(
    paths.flatMap((path) => (['mask', 'hash', 'partial', 'drop'] as const).map((as) => [path, as] as const)),
  )('is still a record: %s as %s', (path, as) => {
    const once = redacted(personal, [path], as)
    expect(once).not.toBe(personal)
    expect(redacted(once, [path], as)).toBe(once)
    const { stream_chain: _chain, ...sent } = once as typeof personal
    expect(mapRecord({ ...sent, kind: 'trail', action: 'a' })).toMatchObject({ kind: 'record' })
  })
})

function parsed(path: string): readonly PathStep[] {
  const result = parsePath(path)
  if (result.kind === 'problem') throw new Error(result.problem)
  return result.steps
}

describe('states', () => {
  test('are bounded however many paths could be under way', () => {
    const steps = parsed(`**.a${'.*'.repeat(40)}.b`)
    let state = compilePaths([{ steps, mode: 'mask' }])
    for (let i = 0; i < 20_000; i++) state = state?.step(i % 3 === 0 || i % 7 === 0 ? 'a' : 'c')
    for (let i = 0; i < 41; i++) state = state?.step('a')
    expect(state?.step('b')?.mode).toBe('mask')
    expect(state?.step('c')?.mode).toBeUndefined()
  })

  test('end where no path leads on', () => {
    const start = compilePaths([{ steps: parsed('metadata.a'), mode: 'mask' }])
    expect(start?.step('metadata')?.step('b')).toBeUndefined()
    expect(start?.step('metadata')?.step('a')?.step('a')).toBeUndefined()
    expect(start?.step('__proto__')).toBeUndefined()
    expect(compilePaths([])).toBeUndefined()
  })
})
