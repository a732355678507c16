import { expect, test } from 'vitest'
import { LedgerTable } from '../ledger/ledger-table.ts'
import type { IdentifiedCaller } from './caller-watch.ts'
import { type Permission, setOf } from './permissions.ts'
import { isViewerToken, type ViewerPass, ViewerTokens } from './viewer-tokens.ts'

const MINUTE = 60_000

/** A maker of a server; its permissions may change, as other servers change them. */
function setUp(secret = new Uint8Array(32)) {
  const clock = { ms: 1_000_000 }
  let maker: IdentifiedCaller | undefined
  const setMaker = (...permissions: readonly Permission[]): void => {
    const role = {
      name: 'r',
      description: '',
      permissions: setOf(...permissions),
      rows: undefined,
      hidden: [],
    }
    maker = {
      kind: 'caller',
      subject: { kind: 'key', id: 'k1' },
      id: 'k1',
      name: 'shop',
      grants: [{ role, ledger: 'main', rows: undefined }],
      home: 'main',
      watch: () => {
        throw new Error('nobody watches the maker')
      },
    }
  }
  setMaker('read', 'see-personal', 'make-viewers')
  const now = (): number => clock.ms
  const keys = { ofPrefix: () => maker, isValid: () => maker !== undefined }
  const tokens = new ViewerTokens({ keys, ledgers: new LedgerTable(now), secret, now })
  const pass: ViewerPass = {
    maker: 'k1',
    ledger: 'main',
    query: 'labels.customer:c-1',
    name: 'c-1',
    personal: true,
    prove: false,
    expiresAt: clock.ms + MINUTE,
  }
  const revoke = (): void => {
    maker = undefined
  }
  return { clock, tokens, pass, setMaker, revoke }
}

const shown = (token: string) => ({ token, admitsViewers: true })

test('a token is taken by every server with the same secret, and by no other', () => {
  const [a, b] = [setUp(), setUp()]
  const token = a.tokens.make(a.pass)
  expect(isViewerToken(token)).toBe(true)
  expect(b.tokens.identify(shown(token))).toMatchObject({
    kind: 'caller',
    subject: { kind: 'viewer' },
    name: 'c-1',
    home: 'main',
    grants: [{ ledger: 'main', rows: { kind: 'field', field: 'labels.customer' } }],
  })
  expect(setUp(new Uint8Array(32).fill(1)).tokens.identify(shown(token))).toBeUndefined()
})

test('what is asked decides: without a word of the route no token counts', () => {
  const { tokens, pass } = setUp()
  expect(tokens.identify({ token: tokens.make(pass) })).toMatchObject({
    kind: 'refused',
    reason: 'missing-permission',
  })
})

test('a token that was seen ends in time, and with its maker', () => {
  const { clock, tokens, pass, revoke } = setUp()
  const token = tokens.make(pass)
  expect(tokens.identify(shown(token))).toMatchObject({ kind: 'caller' })
  clock.ms += MINUTE
  expect(tokens.identify(shown(token))).toMatchObject({ kind: 'refused', reason: 'expired' })
  const next = tokens.make({ ...pass, expiresAt: clock.ms + MINUTE })
  revoke()
  expect(tokens.identify(shown(next))).toMatchObject({ kind: 'refused', reason: 'revoked' })
})

test.each([
  ['no more make viewers', ['read', 'see-personal']],
  ['no more read', ['see-personal', 'make-viewers']],
  ['no more see what is shown', ['read', 'make-viewers']],
] as const)('a token that was seen opens nothing once its maker may %s', (_, permissions) => {
  const { tokens, pass, setMaker } = setUp()
  const token = tokens.make(pass)
  expect(tokens.identify(shown(token))).toMatchObject({ kind: 'caller' })
  setMaker(...permissions)
  expect(tokens.identify(shown(token))).toMatchObject({ kind: 'refused', reason: 'missing-permission' })
})

test('tokens of one viewer are one caller; those of another query, name or maker are others', () => {
  const { tokens, pass } = setUp()
  const idOf = (more: Partial<ViewerPass>) => tokens.identify(shown(tokens.make({ ...pass, ...more })))
  const { id } = idOf({}) as IdentifiedCaller
  expect(idOf({ expiresAt: pass.expiresAt + 1 })).toMatchObject({ id })
  for (const more of [{ query: 'labels.customer:c-2' }, { name: 'c-2' }, { personal: false }])
    expect((idOf(more) as IdentifiedCaller).id).not.toBe(id)
  expect(tokens.isThere(id)).toBe(true)
  expect(tokens.isThere('k1')).toBeUndefined()
})
