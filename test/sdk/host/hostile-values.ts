/** What applications hand over without meaning harm, and some that mean it. Each call makes a new one. */

const refuse = (): never => {
  throw new Error('a trap')
}

function nested(depth: number): unknown {
  let value: unknown = 'bottom'
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { in: value } : [value]
  return value
}

/** Makes another object below it each time one looks. */
class Bottomless {
  get below(): Bottomless {
    return new Bottomless()
  }
}

class ThrowingJson {
  toJSON(): never {
    return refuse()
  }
}

class Unprintable {
  toString(): never {
    return refuse()
  }
  [Symbol.toPrimitive](): never {
    return refuse()
  }
}

const MILLION = Array.from({ length: 1_000_000 }, () => 1)

export const HOSTILE_VALUES: Readonly<Record<string, () => unknown>> = {
  circular() {
    const value: Record<string, unknown> = { list: [] }
    value['self'] = value
    ;(value['list'] as unknown[]).push(value, [value])
    return value
  },
  'circular by toJSON': () => ({ toJSON: () => HOSTILE_VALUES['circular']!() }),
  'toJSON that gives itself'() {
    const value = new (class {
      toJSON(): unknown {
        return this
      }
    })()
    return value
  },
  deep: () => nested(100_000),
  bottomless: () => new Bottomless(),
  '50 MB of text': () => 'x'.repeat(50 * 2 ** 20),
  '50 MB of bytes': () => Buffer.alloc(50 * 2 ** 20),
  'a list of a million': () => MILLION,
  'a list of nothing': () => Object.assign([], { length: 2 ** 32 - 1 }),
  'an object of many': () => Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`key${n}`, n])),
  'a getter that throws': () => Object.defineProperty({}, 'trap', { enumerable: true, get: refuse }),
  'toJSON that throws': () => new ThrowingJson(),
  'a proxy of traps': () =>
    new Proxy({}, { get: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse }),
  'a proxy of a list': () => new Proxy([], { get: refuse }),
  'a revoked proxy'() {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    return proxy
  },
  'a proxy with keys of nothing': () =>
    new Proxy({}, { ownKeys: () => ['a'], getOwnPropertyDescriptor: () => undefined }),
  'what cannot be printed': () => new Unprintable(),
  'no prototype': () => Object.assign(Object.create(null) as object, { a: 1 }),
  'an error that cannot be read': () => new Proxy(new Error('a'), { get: refuse }),
  'an error with a circle': () => {
    const error = new Error('round')
    error.cause = error
    return error
  },
  '__proto__ as a key': () => JSON.parse('{"__proto__":{"a":1},"b":2}') as unknown,
  'half a surrogate': () => ({ '\ud800': 'a\udc00', list: ['\ud83d'] }),
  'an invalid date': () => new Date(Number.NaN),
  'a map of itself'() {
    const map = new Map<unknown, unknown>([['a', 1]])
    map.set(map, map)
    return map
  },
  'a number that is none': () => ({ a: Number.NaN, b: Infinity, c: -0, d: 10n ** 400n }),
  'a symbol': () => Symbol('a'),
  'a function': () => refuse,
  nothing: () => undefined,
  null: () => null,
}
