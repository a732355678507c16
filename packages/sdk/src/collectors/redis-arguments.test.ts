import { compileRedaction } from '@trailproof/core'
import { expect, test } from 'vitest'
import { shownArguments } from './redis-arguments.ts'

const policy = compileRedaction()

test.each<[string, string]>([
  ['SET session:token abc EX 60', 'SET session:token *** EX ***'],
  ['SET user:1 abc EX 60', 'SET user:1 abc EX 60'],
  ['SETEX api_key 60 abc', 'SETEX api_key *** ***'],
  ['HSET user:1 name Ada password x', 'HSET user:1 name Ada password ***'],
  ['HSET credentials:1 name Ada', 'HSET credentials:1 *** ***'],
  ['HMSET user:1 pin 1 age 2', 'HMSET user:1 pin *** age 2'],
  ['MSET a 1 token b', 'MSET a 1 token ***'],
  ['XADD logins * user ada otp 123', 'XADD logins * user ada otp ***'],
  ['LPUSH tokens a b', 'LPUSH tokens *** ***'],
  ['PUBLISH user:password x', 'PUBLISH user:password ***'],
  ['HGET user:1 password', 'HGET user:1 password'],
  ['HMGET user:1 password name', 'HMGET user:1 password name'],
  ['DEL session:1 session:2', 'DEL session:1 session:2'],
  ['EVAL return(1) 1 user:1 abc 60', 'EVAL return(1) 1 user:1 *** ***'],
  ['EVALSHA 0a1b 0 abc', 'EVALSHA 0a1b 0 ***'],
  ['FCALL f x abc', 'FCALL f x ***'],
  ['PING', 'PING'],
])('%s is shown as %s', (given, shown) => {
  const [command = '', ...args] = given.split(' ')
  expect([command, ...shownArguments(command, args, policy)].join(' ')).toBe(shown)
})

test('a value that is no text is masked like any other', () => {
  const given = ['user:password', Buffer.from('x')] as unknown as string[]
  expect(shownArguments('SET', given, policy)).toEqual(['user:password', '***'])
})
