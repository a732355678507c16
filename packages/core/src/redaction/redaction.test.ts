import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expectLinearTime } from '../../../../test/support/linear-time.ts'
import { compileRedaction } from './policy.ts'
import { redactPersonal } from './redact-record.ts'
import { redactText } from './redact-text.ts'

const policy = compileRedaction()
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'

describe('secret names', () => {
  test.each([
    'password',
    'Password',
    'userPassword',
    'user_password',
    'PASSWORD_2',
    'passwd',
    'pwd',
    'accessToken',
    'access_token',
    'accesstoken',
    'ACCESS-TOKEN',
    'X-Api-Key',
    'apiKey',
    'APIKey',
    'api_key',
    'apikey',
    'api.key',
    'Authorization',
    'Proxy-Authorization',
    'Cookie',
    'Set-Cookie',
    'client_secret',
    'clientSecret',
    'secrets',
    'credit_card',
    'creditCardNumber',
    'card_number',
    'cardNumber',
    'cvv',
    'CVV2',
    'cvc',
    'pin',
    'userPIN',
    'private_key',
    'privateKey',
    'ssn',
    'session',
    'session_id',
    'sessionId',
    'credentials',
    'refreshTokens',
    'token_id',
    'id_token',
    'dbPassword1',
    'newPassword',
    'csrf-token',
  ])('%s is one', (name) => {
    expect(policy.isSecretName(name)).toBe(true)
  })

  test.each([
    'passwordPolicy',
    'password_changed_at',
    'token_type',
    'tokenCount',
    'token_expires',
    'token_expires_in',
    'tokenTTL',
    'passwordRequired',
    'password_valid',
    'passwordLength',
    'session_count',
    'cookie_policy',
    'prompt_tokens',
    'total_tokens',
    'shipping',
    'opinion',
    'spinner',
    'compass',
    'passenger',
    'author',
    'authored',
    'keyboard',
    'key',
    'cardinal',
    'secretary',
    'tokenizer',
    'id',
    'name',
    '',
    '123',
    '---',
    'constructor',
    '__proto__',
    'amount',
    'mission',
  ])('%s is none', (name) => {
    expect(policy.isSecretName(name)).toBe(false)
  })

  test('can be added and excepted in any style', () => {
    const own = compileRedaction({ names: ['customerNumber'], except: ['session_id'], mask: '[gone]' })
    expect(
      redactPersonal({ metadata: { customer_number: 4711, sessionId: 's', password: 'p' } }, own),
    ).toEqual({
      metadata: { customer_number: '[gone]', sessionId: 's', password: '[gone]' },
      redacted: ['/metadata/customer_number', '/metadata/password'],
    })
    const bare = compileRedaction({ names: ['a'], defaults: false })
    expect(redactPersonal({ metadata: { a: 1, password: 'p', url: '?token=t' } }, bare)).toEqual({
      metadata: { a: '***', password: 'p', url: '?token=t' },
      redacted: ['/metadata/a'],
    })
  })

  test('stay right after more names than are remembered', () => {
    for (let i = 0; i < 10_000; i++) policy.isSecretName(`field${i}x`)
    expect(policy.isSecretName('password')).toBe(true)
    expect(policy.isSecretName(`${'x'.repeat(100_000)}_password`)).toBe(true)
  })
})

describe('a record', () => {
  test('without secrets is the same object', () => {
    const personal = {
      actor: { id: 'u' },
      metadata: { a: [1, { b: 'c' }], password: null, token: '' },
      message: 'all well',
    }
    expect(redactPersonal(personal, policy)).toBe(personal)
  })

  test('is masked everywhere free, and every place is named', () => {
    const personal = {
      actor: { id: 'token=1', auth: { method: 'password', key_id: 'k', token: 't' } },
      changes: [
        { path: '/user/password', old: 'a', new: 'b' },
        { path: '/user/name', old: 'a', new: { pin: 1 } },
      ],
      errors: [{ message: 'no access with password=hunter2' }],
      integrations: [{ request: { headers: { Authorization: ['Bearer a', 'Bearer b'] } } }],
      internal_steps: [{ name: 's', request: { 'a/b': { apiKey: 'k' } } }],
      labels: { session_id: 's', region: 'eu' },
      message: 'Bearer abc.def1',
      metadata: {
        rawHeaders: ['Cookie', 'a=b', 'Accept', '*/*'],
        pairs: [['X-Api-Key', 'k']],
        list: [{ name: 'Set-Cookie', value: 'x' }],
      },
      request: { url: '/x?token=abc&a=1', body: '{"password":"p","a":1}' },
      response: { body: { token: { value: 1 } } },
      session_id: 'kept',
      targets: [{ type: 'url', id: 'https://x/?token=abc' }],
    }
    const frozen = JSON.stringify(personal)
    const redacted = redactPersonal(personal, policy)
    expect(JSON.stringify(personal)).toBe(frozen)
    expect(redacted).toEqual({
      actor: { id: 'token=1', auth: { method: 'password', key_id: 'k', token: '***' } },
      changes: [
        { path: '/user/password', old: '***', new: '***', redacted: true },
        { path: '/user/name', old: 'a', new: { pin: '***' } },
      ],
      errors: [{ message: 'no access with password=***' }],
      integrations: [{ request: { headers: { Authorization: ['***', '***'] } } }],
      internal_steps: [{ name: 's', request: { 'a/b': { apiKey: '***' } } }],
      labels: { session_id: '***', region: 'eu' },
      message: 'Bearer ***',
      metadata: {
        rawHeaders: ['Cookie', '***', 'Accept', '*/*'],
        pairs: [['X-Api-Key', '***']],
        list: [{ name: 'Set-Cookie', value: '***' }],
      },
      request: { url: '/x?token=***&a=1', body: '{"password":"***","a":1}' },
      response: { body: { token: '***' } },
      session_id: 'kept',
      targets: [{ type: 'url', id: 'https://x/?token=abc' }],
      redacted: [
        '/actor/auth/token',
        '/changes/0/old',
        '/changes/0/new',
        '/changes/1/new/pin',
        '/errors/0/message',
        '/integrations/0/request/headers/Authorization',
        '/internal_steps/0/request/a~1b/apiKey',
        '/labels/session_id',
        '/message',
        '/metadata/rawHeaders/1',
        '/metadata/pairs/0/1',
        '/metadata/list/0/value',
        '/request/url',
        '/request/body',
        '/response/body/token',
      ],
    })
    expect(redactPersonal(redacted, policy)).toBe(redacted)
  })

  test('keeps the paths that the producer masked', () => {
    expect(redactPersonal({ metadata: { pin: 1 }, redacted: ['/request/body'] }, policy)).toMatchObject({
      redacted: ['/request/body', '/metadata/pin'],
    })
  })
})

describe('a text', () => {
  test.each([
    // forms, queries, log lines
    ['a=1&password=hunter2&b=2', 'a=1&password=***&b=2'],
    ['password=a,b;c&x=1', 'password=***&x=1'],
    ['https://x.example/p?api_key=K123&q=1#f', 'https://x.example/p?api_key=***&q=1#f'],
    ['%70assword=x&user%5Bpassword%5D=y', '%70assword=***&user%5Bpassword%5D=***'],
    ['login failed: password="my secret" user=bob', 'login failed: password=*** user=bob'],
    ['Server=db;User=sa;Password=p;Timeout=3', 'Server=db;User=sa;Password=***;Timeout=3'],
    ['theme=dark; sessionid=abc; lang=de', 'theme=dark; sessionid=***; lang=de'],
    ['a=b=c', 'a=b=c'],
    ['token=', 'token='],
    ['?token_type=bearer&expires_in=3', '?token_type=bearer&expires_in=3'],
    // URLs
    ['postgres://app:s3cret@db:5432/x', 'postgres://app:***@db:5432/x'],
    ['see https://u:p@h/ and http://v:q:r@i', 'see https://u:***@h/ and http://v:***@i'],
    ['https://host:8080/a@b', 'https://host:8080/a@b'],
    // credentials
    ['Bearer abc', 'Bearer ***'],
    ['authorization: bearer a1b2c3', 'authorization: bearer ***'],
    ['Basic YWRtaW46YWRtaW4=', 'Basic ***'],
    ['header was Basic YWRtaW46YWRtaW4= here', 'header was Basic *** here'],
    ['a basic understanding of the bearer role', 'a basic understanding of the bearer role'],
    [`got ${JWT}.`, 'got ***.'],
    [`x${JWT}`, `x${JWT}`],
    ['eyJ and eyJ.x', 'eyJ and eyJ.x'],
    ['k: -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- end', 'k: *** end'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE', '***'],
    [
      '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----',
    ],
    // JSON, whole and cut off
    [
      '{"a":1,"password":"hunter2","b":{"token":["x",{"y":"}"}],"c":2}}',
      '{"a":1,"password":"***","b":{"token":"***","c":2}}',
    ],
    ['{ "password" : "hun', '{ "password" : "***"'],
    ['{"a":1,"pin":12', '{"a":1,"pin":"***"'],
    ['{"token":{"a":"b', '{"token":"***"'],
    ['{"pass\\u0077ord":"x"}', '{"pass\\u0077ord":"***"}'],
    [
      '{"password":null,"token":true,"secret":"","pin":false}',
      '{"password":null,"token":true,"secret":"","pin":false}',
    ],
    ['{"url":"/x?token=abc"}', '{"url":"/x?token=***"}'],
    ['{"body":"{\\"password\\":\\"x\\"}"}', '{"body":"{\\"password\\":\\"***\\"}"}'],
    ['[{"name":"x"},{"apiKey":"k"}]', '[{"name":"x"},{"apiKey":"***"}]'],
    ['{"big":12345678901234567890,"x":1.0}', '{"big":12345678901234567890,"x":1.0}'],
    ['{not json password=x}', '{not json password=***}'],
    ['[info] password=x', '[info] password=***'],
    // JSON in a text, and what a name with a colon stands before
    ['a {"url":"/x?token=abc","n":1.0} b', 'a {"url":"/x?token=***","n":1.0} b'],
    ['{"a":1}\n{"token":"x"}\npassword: y', '{"a":1}\n{"token":"***"}\npassword: ***'],
    ['password: "a\\"b" c', 'password: "***" c'],
    ["x {'pin': 1, 'name': 'a'}", "x {'pin': '***', 'name': 'a'}"],
    ['got password: hunter2. Try again', 'got password: *** Try again'],
    ['Cookie: missing, Cookie: a=b', 'Cookie: missing, Cookie: ***'],
    ['token: null, secret: undefined', 'token: null, secret: undefined'],
    // elements and attributes
    ['<a><token>x', '<a><token>***'],
    ['see <token> and <token>', 'see <token> and <token>'],
    ['<token><b>x</b></token ><c/>', '<token>***</token ><c/>'],
    ['<input value="x" name="pin">', '<input value="***" name="pin">'],
    // escaped
    ['a=1&next=%2Fx%3Fpin%3D1%26a%3D%C3%A9', 'a=1&next=%2Fx%3Fpin%3D***%26a%3D%C3%A9'],
    ['%3D%', '%3D%'],
    // users
    ['https://git@h/ ssh://deploy@h/', 'https://git@h/ ssh://deploy@h/'],
    ['ssh://0123456789abcdef0123@h', 'ssh://***@h'],
  ])('%j', (text, masked) => {
    expect(redactText(text, policy)).toBe(masked)
    expect(redactText(masked, policy)).toBe(masked)
  })

  test('is never altered twice, whatever it is', () => {
    const part = fc.constantFrom(
      'password',
      '=',
      '&',
      '?',
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      ' ',
      '\n',
      '://',
      '@',
      'Bearer ',
      'Basic ',
      'eyJ',
      '.',
      '-----BEGIN ',
      'PRIVATE KEY-----',
      '-----END ',
      'abc1',
      '***',
      '%',
      "'",
      'token',
      '#',
      ';',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 30 }), (parts) => {
        const once = redactText(parts.join(''), policy)
        expect(typeof redactText(once, policy)).toBe('string')
      }),
      { numRuns: 5_000 },
    )
  })

  test.each([
    ['=', '='],
    ['a=', 'a='],
    ['password="', 'password="'],
    ['a', '=b'],
    ['{', '{'],
    ['{"password":', '{"password":'],
    ['"', '"'],
    ['\\', '\\'],
    ['[', '['],
    ['://', '://'],
    ['://a:b@', '://a:b@'],
    ['bearer ', 'bearer '],
    ['basic a', 'basic a'],
    ['eyJ', 'eyJ'],
    ['eyJaa.', 'eyJaa.'],
    ['-----BEGIN ', '-----BEGIN '],
    ['-----BEGIN PRIVATE KEY', 'x'],
    ['-----BEGIN PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----'],
    [' ', ' '],
    ['{"a":"', '{"a":"'],
    ['%', '%='],
  ])('of a mebibyte made of %j takes linear time', (head, rest) => {
    expectLinearTime(1_048_576, (chars) => {
      for (const first of ['', '{', '{"a":"'])
        redactText(first + head + rest.repeat(chars / rest.length), policy)
    })
  })
})
